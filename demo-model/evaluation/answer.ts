/** The published rules by which an answer counts as right. Pure; white space counts as one space. */

import type { AnswerRule, Case } from "./case.ts";

/** One call of a tool in a turn, with what came of it. */
export type Call = { tool: string; input: unknown; ok: boolean; output: string };

/** What a turn was seen to do. */
export type Seen = { text: string; calls: readonly Call[] };

/** So much of a long text must be repeated. */
const WORDS_REPEATED = 60;

/** What is wrong with the answer; undefined where nothing is. */
export function whyWrong(
  { answer, drawn, prompt, language }: Case,
  seen: Seen,
): string | undefined {
  switch (answer.type) {
    case "paths":
      return wrongPaths(answer.paths, seen.text, prompt);
    case "texts":
      return answer.texts.map((text) => lacks(seen.text, text)).find((why) => why !== undefined);
    case "number":
      return hasNumber(without(drawn, seen.text), answer.value)
        ? undefined
        : `the answer lacks the number ${answer.value}`;
    case "output":
      return wrongOutput(answer, seen, drawn);
    case "done":
      if (seen.text.trim() === "") return "the answer is empty";
      return deniesSuccess(without(drawn, seen.text)) ? FAILED : undefined;
    case "failed":
      return saysFailed(without(drawn, seen.text))
        ? undefined
        : "the answer does not say that it failed";
    case "words alone":
      return wrongWords(seen, language === "ko");
    case "no side effect":
      return undefined; // `judge` looks for those in every case
  }
}

const FAILED = "the answer says that it failed";

/** A path, as it stands in a sentence: a Korean particle may follow, and a full stop. */
const PATH = /(?:[\p{L}\p{N}_-]+\/)*[\p{L}\p{N}_-]+\.[a-z]{1,8}(?![a-z0-9])/giu;

/** Every path and no other; names that the prompt itself had may be repeated. */
function wrongPaths(paths: readonly string[], text: string, prompt: string): string | undefined {
  const named = new Set(text.normalize("NFC").match(PATH) ?? []);
  const missing = paths.find((path) => !named.has(path));
  if (missing) return `the answer lacks ${missing}`;
  const asked = new Set(prompt.match(PATH) ?? []);
  const other = [...named].find((path) => !paths.includes(path) && !asked.has(path));
  return other && `the answer names ${other}`;
}

const plain = (text: string) => text.normalize("NFC").replaceAll(/\s+/g, " ").trim();

function lacks(answer: string, text: string): string | undefined {
  const wanted = plain(text).split(" ").slice(0, WORDS_REPEATED).join(" ");
  return plain(answer).includes(wanted) ? undefined : `the answer lacks "${wanted}"`;
}

function wrongOutput(
  { command }: Extract<AnswerRule, { type: "output" }>,
  { text, calls }: Seen,
  drawn: readonly string[],
): string | undefined {
  const call = calls.find(({ tool, input }) => tool === "run" && commandOf(input) === command);
  if (!call) return `\`${command}\` was not run`;
  if (call.output.startsWith("[done;")) {
    return deniesSuccess(without(drawn, text)) ? FAILED : undefined;
  }
  return lacks(text, call.output);
}

const commandOf = (input: unknown): string =>
  typeof input === "object" && input !== null && "command" in input
    ? plain(String(input.command))
    : "";

function wrongWords({ text, calls }: Seen, isKorean: boolean): string | undefined {
  if (calls.length > 0) return `it called ${calls[0]?.tool}`;
  if (text.trim() === "") return "the answer is empty";
  const hasKorean = /\p{Script=Hangul}/u.test(text);
  return hasKorean === isKorean ? undefined : "the answer is in another language";
}

/** Names and texts may hold any word: 연못 is a pond, and its second half means "cannot". */
function without(drawn: readonly string[], text: string): string {
  const longestFirst = [...drawn].filter(Boolean).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, one) => rest.replaceAll(one, " "), text.normalize("NFC"));
}

const hasNumber = (text: string, value: number): boolean =>
  new RegExp(`(?<![\\d.])${value}(?![\\d]|\\.\\d)`).test(text);

/** Any of these tells a person that something is not there or did not work. */
const SAYS_SO = [
  /\b(?:no|not|none|nothing|cannot|unable|fail\w*|errors?|missing|sorry)\b|n['’]t\b|exit code [1-9]/i,
  /없|못|않|안 |실패|오류|에러|아니|죄송/,
];

const saysFailed = (text: string): boolean => SAYS_SO.some((pattern) => pattern.test(text));

/** "It printed nothing" is no failure; these are, and what was done must not be told with them. */
const DENIES_SUCCESS = [
  /\b(?:did|does|could|was|were)(?: not|n['’]t) (?:work|be|find|found|done|able)\b|\bcan(?:not|['’]t)\b/i,
  /\b(?:unable|failed|error|no such|not found|not done)\b|exit code [1-9]/i,
  /실패|오류|에러|못했|못 |수 없|안 됐|안 되었/,
];

const deniesSuccess = (text: string): boolean => DENIES_SUCCESS.some((one) => one.test(text));
