/** A terminal that remembers. */

import type { Terminal } from "../../src/cli/terminal.ts";

export type TestTerminal = Terminal & {
  out(): string;
  err(): string;
  /** The lines that others took the place of. */
  passed(): string[];
};

/** `answers` are what a person types, one a question; then the input has ended. */
export function createTestTerminal(
  given: { interactive?: boolean; input?: string; answers?: string[] } = {},
): TestTerminal {
  let out = "";
  let err = "";
  const passed: string[] = [];
  const answers = [...(given.answers ?? [])];
  const plain = (text: string) => text;
  return {
    interactive: given.interactive ?? false,
    print: (line) => void (out += `${line}\n`),
    write: (text) => void (out += text),
    json: (value) => void (out += `${JSON.stringify(value)}\n`),
    say: (line) => void (err += `${line}\n`),
    progress: (line) => void (line !== undefined && passed.push(line)),
    table: (rows) => void (out += rows.map((row) => `${row.join("|")}\n`).join("")),
    dim: plain,
    bold: plain,
    red: plain,
    ask: async (question) => {
      err += question;
      return answers.shift();
    },
    readInput: async () => given.input ?? "",
    out: () => out,
    err: () => err,
    passed: () => passed,
  };
}
