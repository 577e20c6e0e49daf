/** One line for a tool call, such as "Read notes/todo.md": what a person wants to know before unfolding it. */

import { texts } from "../texts.ts";

/** The arguments that say what a call is about, the most telling first. */
const SUBJECTS = ["command", "path", "file", "pattern", "query", "url", "text", "name"];
const LONGEST_SUBJECT = 160;

export function describeStep(
  tool: string,
  input: unknown,
  isDone: boolean,
): { verb: string; subject: string } {
  const [running, done] = texts.step.names[tool] ?? [
    `${texts.step.other[0]} ${tool}`,
    `${texts.step.other[1]} ${tool}`,
  ];
  return { verb: isDone ? done : running, subject: subjectOf(input) };
}

/** The input as people read it: a single text as it is, anything else as JSON. */
export function formatInput(input: unknown): string {
  return typeof input === "string" ? input : (JSON.stringify(input, null, 2) ?? "");
}

function subjectOf(input: unknown): string {
  const fields = typeof input === "object" && input !== null ? Object.entries(input) : [];
  const named = SUBJECTS.map((name) => fields.find(([field]) => field === name)?.[1]);
  const subject = [...named, ...fields.map(([, value]) => value)].find(
    (value) => typeof value === "string" && value.trim() !== "",
  );
  const line = typeof subject === "string" ? subject.trim().replaceAll(/\s+/g, " ") : "";
  return line.length > LONGEST_SUBJECT ? `${line.slice(0, LONGEST_SUBJECT)}…` : line;
}
