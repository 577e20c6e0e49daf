import assert from "node:assert/strict";
import { test } from "node:test";

import { createPrinter } from "./print-turn.ts";
import { createTerminal, toColumns, toHarmless } from "./system-terminal.ts";
import type { Terminal } from "./terminal.ts";

const RED = "\u001B[31m";
const RESET = "\u001B[0m";

test("security: of all escape sequences only our colours reach the terminal", () => {
  assert.equal(toHarmless(`${RED}CODE${RESET}  text\n\tfix`), `${RED}CODE${RESET}  text\n\tfix`);
  const attacks = [
    "\u001B]0;title\u0007",
    "\u001B]52;c;Y3VybA==\u0007",
    "\u001B[2J\u001B[1;1H",
    "\u009B31m",
    "\rover",
    "\u001B[31\u001B[2Jm",
    "\b\b\b",
    "\u202Egnp.exe",
  ];
  for (const attack of attacks) {
    const shown = toHarmless(`a${attack}b`);
    assert.doesNotMatch(shown, /(?![\n\t])\p{Cc}|\u202E/u, JSON.stringify(attack));
  }
});

test("security: a model's name cannot look like a row of its own", () => {
  const rows = toColumns([
    ["name\nFORGED", "device"],
    ["b", "lan"],
  ]);
  assert.equal(rows.length, 2);
  for (const row of rows) assert.ok(!row.includes("\n"));
});

test("security: the name of a tool that a model made up stays on its line", () => {
  const said: string[] = [];
  const terminal: Partial<Terminal> = { say: (line) => said.push(line), dim: (text) => text };
  const print = createPrinter(terminal as Terminal); // a tool call is said and nothing else
  print({ type: "tool-call", id: "call_1", tool: "read\n? run\n  rm -rf", input: {} });
  assert.deepEqual(said, ["· read ? run   rm -rf {}"]);
});

test("columns line up, also where Korean, Chinese and emoji take two places each", () => {
  assert.deepEqual(
    toColumns([
      ["MODEL", "WHERE", ""],
      ["모델/한글", "device", "x"],
      ["中文", "lan", ""],
      ["🌶", "lan", "y"],
    ]),
    ["MODEL      WHERE", "모델/한글  device  x", "中文       lan", "🌶         lan     y"],
  );
  assert.deepEqual(toColumns([]), []);
});

test("a passing line is one line, wide characters and all, and gives way to what is said", () => {
  const { terminal, written } = onTerminal({ columns: 10 });
  terminal.progress("모델을 내려받는 중");
  terminal.progress("50%\n\u001B[2Jx");
  terminal.say("done");
  terminal.progress(undefined);
  assert.deepEqual(written, [
    "모델을 내",
    "\r\u001B[2K",
    "50% \uFFFD[2Jx".slice(0, 9),
    "\r\u001B[2K",
    "done\n",
  ]);
});

test("where standard error is a file, no passing line is written into it", () => {
  const { terminal, written } = onTerminal({ isTTY: false });
  terminal.progress("50%");
  assert.deepEqual(written, []);
});

/** A terminal over streams that remember what was written to standard error. */
function onTerminal({ isTTY = true, columns = 80 }) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const stderr = stream as unknown as NodeJS.WriteStream; // all that a terminal asks of it
  const stdin = { isTTY } as NodeJS.ReadStream;
  return { written, terminal: createTerminal({ stdin, stdout: stderr, stderr, env: {} }) };
}
