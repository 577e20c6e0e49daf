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
  let passing = false;
  const clear = () => {
    if (passing) stderr.write(CLEAR_LINE);
    passing = false;
  };
  const write = (stream: NodeJS.WriteStream, text: string) => {
    clear();
    stream.write(toHarmless(text));
  };
  const print = (line: string) => write(stdout, `${line}\n`);
  return {
    interactive: Boolean(stdin.isTTY && stdout.isTTY),
    print,
    write: (text) => write(stdout, text),
    json: (value) => print(JSON.stringify(value)),
    say: (line) => write(stderr, `${line}\n`),
    progress(line) {
      if (!stderr.isTTY) return;
      clear();
      if (line === undefined) return;
      // One that wraps could not be taken away whole.
      stderr.write(
        cutTo(toHarmless(line).replaceAll(/[\n\t]/g, " "), (stderr.columns || USUAL_COLUMNS) - 1),
      );
      passing = true;
    },
    table: (rows) => toColumns(rows).forEach(print),
    dim: paint(2),
    bold: paint(1),
    red: paint(31),
    readInput: () => (stdin.isTTY ? Promise.resolve("") : text(stdin)),

    async ask(question, signal) {
      clear();
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

/** Of a terminal that does not say how wide it is, such as a serial line. */
const USUAL_COLUMNS = 80;

/** Back to the first column, and the line is blank. */
const CLEAR_LINE = "\r\u001B[2K";

/**
 * Whatever is printed may repeat what a model, its server or a file said: the name of a model, a fault's
 * detail. Of all escape sequences only the colours of `paint` pass: others retitle the window, fill the
 * clipboard, or write over lines that stand there. Nor does text turn round what stands beside it.
 */
export const toHarmless = (text: string): string =>
  text.replaceAll(HARMFUL, (found) =>
    found.startsWith("\u001B[") ? found : `\uFFFD${found.slice(1)}`,
  );

/** Control characters, one that begins a colour with all of it; and turns of direction. */
const HARMFUL =
  /(?![\n\t])\p{Cc}(?:\[(?:0|1|2|31)m)?|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Pads every cell but the last to the widest of its column; wide characters count double. */
export function toColumns(cells: readonly (readonly string[])[]): string[] {
  // A cell with a line break in it would look like a row of ours.
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll(/[\n\t]/g, "\uFFFD")));
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

/** As much of a text as fits into so many columns. */
function cutTo(text: string, columns: number): string {
  let left = columns;
  return Array.from(text)
    .filter((character) => (left -= width(character)) >= 0)
    .join("");
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
