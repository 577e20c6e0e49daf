/** One line for a tool call, such as "Read notes/todo.md": what a person wants to know before unfolding it. */

import { texts } from "../texts.ts";

/** The arguments that say what a call is about, the most telling first. */
const SUBJECTS = ["command", "path", "file", "query", "url", "name", "text"];
/** What is looked for tells more than where. */
const SUBJECTS_OF: Readonly<Record<string, readonly string[]>> = {
  find: ["name", "text", "pattern", "path"],
};
const LONGEST_SUBJECT = 160;

export function describeStep(
  tool: string,
  input: unknown,
  isDone: boolean,
): { verb: string; subject: string } {
  const subject = subjectOf(input, SUBJECTS_OF[tool] ?? SUBJECTS);
  const known = (subject === "" ? texts.step.alone[tool] : undefined) ?? texts.step.names[tool];
  const [running, done] = known ?? texts.step.other.map((verb) => `${verb} ${tool}`);
  return { verb: (isDone ? done : running) ?? tool, subject };
}

/** The input as people read it: a single text as it is, anything else as JSON. */
export function formatInput(input: unknown): string {
  return typeof input === "string" ? input : (JSON.stringify(input, null, 2) ?? "");
}

function subjectOf(input: unknown, names: readonly string[]): string {
  const fields = typeof input === "object" && input !== null ? Object.entries(input) : [];
  const named = names.map((name) => fields.find(([field]) => field === name)?.[1]);
  const subject = [...named, ...fields.map(([, value]) => value)].find(
    (value) => typeof value === "string" && value.trim() !== "",
  );
  const line = typeof subject === "string" ? subject.trim().replaceAll(/\s+/g, " ") : "";
  return line.length > LONGEST_SUBJECT ? `${line.slice(0, LONGEST_SUBJECT)}…` : line;
}
