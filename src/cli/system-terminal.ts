import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";

import type { Terminal } from "./terminal.ts";

type Streams = {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: Readonly<Record<string, string | undefined>>;
};

export function createTerminal({ stdin, stdout, stderr, env }: Streams): Terminal {
  // https://no-color.org: any value that is not empty turns colours off.
  const colours = stderr.isTTY && stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const paint = (code: number) => (text: string) =>
    colours ? `\u001B[${code}m${text}\u001B[0m` : text;
  const print = (line: string) => void stdout.write(`${line}\n`);
  return {
    interactive: Boolean(stdin.isTTY && stdout.isTTY),
    print,
    write: (text) => void stdout.write(text),
    json: (value) => print(JSON.stringify(value)),
    say: (line) => void stderr.write(`${line}\n`),
    table: (rows) => toColumns(rows).forEach(print),
    dim: paint(2),
    bold: paint(1),
    red: paint(31),
    readInput: () => (stdin.isTTY ? Promise.resolve("") : text(stdin)),

    async ask(question, signal) {
      const lines = createInterface({ input: stdin, output: stderr });
      const ended = new Promise<undefined>((resolve) =>
        lines.once("close", () => resolve(undefined)),
      );
      try {
        return await Promise.race([lines.question(question, { signal }), ended]);
      } finally {
        lines.close();
      }
    },
  };
}

/** Pads every cell but the last to the widest of its column; wide characters count double. */
export function toColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))));
  }
  return rows.map((row) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - width(cell)),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** Columns a text takes on a terminal: East Asian wide characters take two (Unicode TR 11, coarsely). */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\u{1F300}-\u{1FAFF}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return columns;
}
