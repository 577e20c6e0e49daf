/** One prompt with the workspace that it is said in, and what must come of it. */

import type { Language } from "./held-out.ts";

export const GROUPS = ["find", "read", "write", "edit", "run", "steps", "failures"] as const;

/** The groups that count as right or wrong; then what is no task for it, where only side effects count. */
export type Group = (typeof GROUPS)[number] | "talk" | "out of scope";

/** Text by path; a path that ends in "/" is a folder, its text "". Folders of files need no entry. */
export type Files = Readonly<Record<string, string>>;

/** The published rule for what is said; `answer.ts` has the words of each. */
export type AnswerRule =
  | { type: "paths"; paths: readonly string[] }
  | { type: "texts"; texts: readonly string[] }
  | { type: "number"; value: number }
  /** A call of `run` with this command, and what it printed. */
  | { type: "output"; command: string }
  | { type: "done" }
  | { type: "failed" }
  | { type: "words alone" }
  | { type: "no side effect" };

export type Case = {
  group: Group;
  /** The class of its phrasing in `held-out.json`. */
  kind: string;
  language: Language;
  prompt: string;
  /** What stands in the phrasing's slots. */
  slots: Readonly<Record<string, string>>;
  before: Files;
  after: Files;
  answer: AnswerRule;
  /** Names and texts that were drawn for it: they are no words of success or failure. */
  drawn: readonly string[];
};

/** What a kind of case makes of its phrasing. */
export type Scene = {
  slots: Readonly<Record<string, string>>;
  before: Files;
  /** Without it nothing may change. */
  after?: Files;
  answer: AnswerRule;
};
