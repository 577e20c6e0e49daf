import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault, ReportedFault } from "../base/fault.ts";
import { type Call, type Command, defineCommand, type Host } from "./command.ts";
import { commands } from "./commands.ts";
import { createInterrupts } from "./interrupts.ts";
import { run } from "./run.ts";
import { createTestTerminal } from "../../test/fakes/terminal.ts";

const clock = { elapsedMs: () => 0 };

/** Runs one command as `main.ts` would; `host` has only what the test gives it. */
async function isopod(
  words: string,
  list: readonly Command[] = commands,
  host: Partial<Host> = {},
) {
  const terminal = createTestTerminal();
  const interrupts = createInterrupts(clock);
  const reported: unknown[] = [];
  const code = await run({
    words: words.split(" ").filter((word) => word !== ""),
    commands: list,
    host: { version: "1.2.3", ...host } as Host, // what a test does not give, its command does not touch
    terminal,
    interrupts,
    report: (_id, error) => reported.push(error),
  });
  return { code, reported, out: terminal.out(), err: terminal.err(), interrupts };
}

const command = (work: (call: Call) => Promise<number>): Command =>
  defineCommand({
    name: "do it",
    summary: "does it",
    options: [["--json", "print JSON"]],
    run: work,
  });

const failing = (error: unknown) => [
  command(() => {
    throw error;
  }),
];

test("the exit code of a command is its own", async () => {
  assert.equal((await isopod("do it", [command(async () => 0)])).code, 0);
  assert.equal((await isopod("do it", [command(async () => 1)])).code, 1);
});

test("a fault is its code, its message and its fix on standard error, and its row's exit code", async () => {
  const fault = new Fault("MODEL_UNREACHABLE", { provider: "ollama", url: "http://127.0.0.1:1" });
  const { code, out, err, reported } = await isopod("do it", failing(fault));
  assert.deepEqual([code, out], [3, ""]);
  assert.match(
    err,
    /^MODEL_UNREACHABLE {2}Cannot reach "ollama" at http:\/\/127\.0\.0\.1:1\n {2}fix {3}\S/,
  );
  assert.match(err, /more {2}docs\/errors\.md#model_unreachable/);
  assert.deepEqual(reported, []);
});

test("with --json a fault is one line on standard output, and standard error is silent", async () => {
  const { code, out, err } = await isopod(
    "do it --json",
    failing(new Fault("NOT_FOUND", { what: "it" })),
  );
  const { error } = JSON.parse(out) as { error: Record<string, string> };
  assert.deepEqual([code, err, Object.keys(error)], [2, "", ["code", "message", "fix"]]);
});

test("a command may show its faults as its own kind of line, bugs too", async () => {
  const toJson = ({ code }: { code: string }) => ({ type: "failed", code });
  const [broken] = failing(new TypeError("a bug"));
  const { code, out } = await isopod("do it --json", [{ ...broken, toJson } as Command]);
  assert.deepEqual([code, out], [1, '{"type":"failed","code":"INTERNAL_ERROR"}\n']);
});

test("a gateway's fault keeps its words; one of a newer gateway ends with 1", async () => {
  const known = new ReportedFault({ code: "AUTH_REFUSED", message: "No", fix: "Pair" });
  assert.equal((await isopod("do it", failing(known))).code, 2);
  const unknown = await isopod(
    "do it",
    failing(new ReportedFault({ code: "NEW_THING", message: "New", fix: "" })),
  );
  assert.equal(unknown.code, 1);
  assert.doesNotMatch(unknown.err, /fix/);
});

test("security: a bug is an id for the person and the whole of it for the log, never a stack", async () => {
  const bug = new TypeError("secret path /home/kim");
  const { code, out, err, reported } = await isopod("do it", failing(bug));
  assert.equal(code, 1);
  assert.match(err, /^INTERNAL_ERROR .*\(id [\da-f]{8}\)/);
  assert.doesNotMatch(out + err, /secret|\n\s+at /);
  assert.deepEqual(reported, [bug]);
});

test("an interrupted command ends with 130 and without a word", async () => {
  const waiting = command(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const terminal = createTestTerminal();
  const interrupts = createInterrupts(clock);
  const running = run({
    words: ["do", "it"],
    commands: [waiting],
    host: { version: "1" } as Host, // the command touches nothing of it
    terminal,
    interrupts,
    report: () => assert.fail("it is no bug"),
  });
  interrupts.interrupt();
  assert.deepEqual([await running, terminal.out(), terminal.err()], [130, "", ""]);
});

test("wrong use ends with 2, and the fix names the help of the command", async () => {
  for (const [words, said] of [
    ["chta", /unknown command 'chta'.*chat/s],
    ["chat --jason hello", /unknown option '--jason'.*--json/s],
    ["mode set", /missing required argument/],
    ["gateway", /"isopod gateway" needs one more word\n.*isopod gateway --help/],
    ["models lsit", /unknown command 'lsit'.*isopod models --help/s],
    ["models service", /"isopod models service" needs one more word/],
    ["models use a b", /too many arguments/],
  ] as const) {
    const { code, out, err } = await isopod(words);
    assert.equal(code, 2, words);
    assert.match(err, /^USAGE {2}/m, words); // a group alone shows its commands first
    assert.match(err, said);
    assert.match(err, /fix {3}See `isopod[^`]* --help`/);
    assert.equal(out, "");
  }
});

test("what the gateway cannot read of a request is answered with the help of the command", async () => {
  const refused = new ReportedFault({ code: "REQUEST_INVALID", message: "No", fix: "See the API" });
  const { code, err } = await isopod("do it", failing(refused));
  assert.equal(code, 2);
  assert.match(err, /fix {3}See `isopod do it --help`/);
});

test("each group of commands says in words what it is for", async () => {
  for (const group of ["gateway", "models", "models service", "context", "mode", "config"]) {
    const { out } = await isopod(`${group} --help`);
    const [, , meaning = ""] = out.split("\n");
    assert.ok(meaning.split(" ").length > 3, `${group}: ${meaning}`);
  }
});

test("--help and --version are answers: standard output, exit code 0", async () => {
  const version = await isopod("--version");
  assert.deepEqual([version.code, version.out, version.err], [0, "1.2.3\n", ""]);
  const help = await isopod("--help");
  assert.equal(help.code, 0);
  for (const { name } of commands) assert.ok(help.out.includes(name.split(" ")[0] ?? ""), name);
  for (const { name, summary } of commands) {
    const own = await isopod(`${name} --help`);
    assert.deepEqual([own.code, own.err], [0, ""], name);
    assert.ok(own.out.replaceAll(/\s+/g, " ").includes(summary), name);
  }
});

test("models set is models use", async () => {
  const used: string[] = [];
  const withGateway = async (work: unknown) => {
    const client = {
      useModel: async (ref: string) => {
        used.push(ref);
        return { model: { ref, locality: "device" } };
      },
    };
    return (work as (client: unknown) => Promise<unknown>)(client);
  };
  const host = { withGateway } as unknown as Partial<Host>; // the one call of that command
  assert.equal((await isopod("models set ollama/a", commands, host)).code, 0);
  assert.equal((await isopod("models use ollama/b", commands, host)).code, 0);
  assert.deepEqual(used, ["ollama/a", "ollama/b"]);
});
