import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createTestTerminal } from "../../../test/fakes/terminal.ts";
import { Fault } from "../../base/fault.ts";
import type { SessionSummary, TurnEvent } from "../../protocol/event.ts";
import type { Client } from "../client.ts";
import type { Call, Host } from "../command.ts";
import { createInterrupts } from "../interrupts.ts";
import { chat } from "./chat.ts";

const DONE: TurnEvent = { type: "done", reason: "stop" };

type Given = {
  words?: string[];
  options?: Call["options"];
  terminal?: Parameters<typeof createTestTerminal>[0];
  /** The events of each turn. One that is missing never comes to an end by itself. */
  turns?: TurnEvent[][];
  sessions?: Partial<SessionSummary>[];
  demonstration?: boolean;
  onSend?: () => void;
};

/** The command before a gateway that is played: its calls are remembered, its turns are the test's. */
function sit({ words = [], options = {}, turns = [[DONE]], ...given }: Given) {
  const calls: [name: string, ...rest: unknown[]][] = [];
  const interrupts = createInterrupts({ elapsedMs: () => 0 });
  const terminal = createTestTerminal(given.terminal);
  let turn = 0;
  const stopped = Promise.withResolvers<void>();
  const client = {
    async createSession(session: object) {
      calls.push(["create", session]);
      return { id: "ses_new" };
    },
    updateSession: async (id: string, change: object) => void calls.push(["update", id, change]),
    sessions: async () => ({ sessions: given.sessions ?? [] }),
    async session(id: string) {
      if (!["ses_new", ...(given.sessions ?? []).map((one) => one.id)].includes(id))
        throw new Fault("NOT_FOUND", { what: "session", id });
      return { session: { id }, cursor: "a:0" };
    },
    status: async () => ({
      model: { demonstration: given.demonstration ?? false },
      privateWorkspaces: "/home/kim/.isopod/private",
    }),
    async sendMessage(id: string, message: object) {
      turn += 1;
      calls.push(["send", id, message]);
      given.onSend?.();
      return { session: id, turn: `turn_${turn}`, message: "msg_1" };
    },
    async stopTurn(id: string) {
      calls.push(["stop", id]);
      stopped.resolve();
      return { stopped: true };
    },
    decide: async (id: string, decision: string) => void calls.push(["decide", id, decision]),
    async *events() {
      const mine = `turn_${turn}`;
      const events = turns.shift() ?? [];
      await new Promise((resolve) => setImmediate(resolve));
      yield { type: "turn", session: "ses_new", turn: "turn_of_another", event: DONE };
      for (const event of events) yield { type: "turn", session: "ses_new", turn: mine, event };
      if (events.at(-1)?.type === "done" || events.at(-1)?.type === "failed") return;
      await stopped.promise;
      const event = { type: "failed", code: "TURN_STOPPED", message: "Stopped", fix: "Go on" };
      yield { type: "turn", session: "ses_new", turn: mine, event };
    },
  } as unknown as Client; // what the command uses of it
  const host = {
    withGateway: (work: (client: Client) => Promise<number>) => work(client),
  } as unknown as Host; // the one method that the command calls
  const { signal, within } = interrupts;
  const run = () => chat.run({ args: words, options, host, terminal, within, signal });
  return { run, calls, terminal, interrupts };
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("a message from the words, or from standard input where that is a pipe", async () => {
  const words = sit({ words: ["read", "notes.txt"] });
  assert.equal(await words.run(), 0);
  assert.deepEqual(words.calls.at(-1), [
    "send",
    "ses_new",
    { text: "read notes.txt", attended: false },
  ]);

  const piped = sit({ terminal: { input: "from a pipe\n" } });
  assert.equal(await piped.run(), 0);
  assert.deepEqual(piped.calls.at(-1), [
    "send",
    "ses_new",
    { text: "from a pipe", attended: false },
  ]);

  await assert.rejects(sit({}).run(), { code: "USAGE" });
});

test("a session is named, with its private mark, before the answer comes", async () => {
  const once = sit({ words: ["hi"] });
  await once.run();
  assert.match(once.terminal.err(), /^Session ses_new \(go on with --session ses_new\)/);
  const known = [{ id: "ses_1", title: "taxes", private: true }];
  const json = sit({
    words: ["hi"],
    options: { session: "taxes", json: true },
    sessions: known,
  });
  await json.run();
  assert.equal(linesOf(json.terminal.out())[0]?.["private"], true);
  const again = sit({ words: ["hi"], options: { session: "taxes" }, sessions: known });
  await again.run();
  assert.match(again.terminal.err(), /^Private session ses_1/);
  assert.match(again.terminal.err(), /files are in \/home\/kim\/.isopod\/private\/ses_1/);
});

test("--image sends images with the first message, several with the option repeated", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-chat-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [png, text] = [join(folder, "red.png"), join(folder, "notes.txt")];
  writeFileSync(png, Buffer.from(PIXEL, "base64"));
  writeFileSync(text, "no image");
  const one = sit({ words: ["look"], options: { image: [png, png] } });
  assert.equal(await one.run(), 0);
  const image = { mediaType: "image/png", name: "red.png", data: PIXEL };
  assert.deepEqual(one.calls.at(-1), [
    "send",
    "ses_new",
    { text: "look", images: [image, image], attended: false },
  ]);

  for (const path of [text, join(folder, "gone.png")]) {
    const bad = sit({ words: ["look"], options: { image: [path] } });
    await assert.rejects(bad.run(), { code: "IMAGE_UNUSABLE", message: new RegExp(path) });
    assert.deepEqual(bad.calls, [], "nothing is made or sent");
  }
});

/** One red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

test("--json: the session first, then this turn's events and nobody else's, one object a line", async () => {
  const { run, terminal } = sit({
    words: ["hi"],
    options: { json: true },
    turns: [[{ type: "text", text: "Hello \u001B[2J" }, DONE]],
  });
  assert.equal(await run(), 0);
  assert.deepEqual(
    linesOf(terminal.out()).map(({ type, session, text }) => [type, session, text]),
    [
      ["note", "ses_new", "Go on with --session ses_new"],
      ["text", undefined, "Hello \u001B[2J"],
      ["done", undefined, undefined],
    ],
  );
  assert.equal(terminal.err(), "");
});

test("--json ends in failed with code, message and fix, also where no turn began", async () => {
  const fault = { code: "MODEL_UNREACHABLE", message: "Cannot reach it", fix: "Start it" };
  const failed = sit({
    words: ["hi"],
    options: { json: true },
    turns: [[{ type: "failed", ...fault }]],
  });
  assert.equal(await failed.run(), 3);
  assert.deepEqual(linesOf(failed.terminal.out()).at(-1), { type: "failed", ...fault });

  // Where no turn began, `run.ts` prints this.
  assert.deepEqual(chat.toJson?.(fault), { type: "failed", ...fault });
});

test("--session takes an id or a title; a title that is not there is made, an id is not", async () => {
  const sessions = [{ id: "ses_1", title: "diary" }];
  const titled = sit({ words: ["x"], options: { session: "diary" }, sessions });
  await titled.run();
  assert.deepEqual(titled.calls, [["send", "ses_1", { text: "x", attended: false }]]);

  const fresh = sit({ words: ["x"], options: { session: "trip", model: "a/b" }, sessions });
  await fresh.run();
  assert.deepEqual(fresh.calls[0], ["create", { title: "trip", model: "a/b" }]);

  const switched = sit({ words: ["x"], options: { session: "ses_1", model: "a/b" }, sessions });
  await switched.run();
  assert.deepEqual(switched.calls[0], ["update", "ses_1", { model: "a/b" }]);

  await assert.rejects(sit({ words: ["x"], options: { session: "ses_2" }, sessions }).run(), {
    code: "NOT_FOUND",
  });
});

test("an interrupt stops the turn at the gateway, and the exit code is 130", async () => {
  const { run, calls, interrupts, terminal } = sit({
    words: ["count"],
    turns: [[{ type: "text", text: "One, " }]],
    onSend: () => setImmediate(() => interrupts.interrupt()),
  });
  assert.equal(await run(), 130);
  assert.deepEqual(calls.at(-1), ["stop", "ses_new"]);
  assert.equal(terminal.out(), "One, \n");
  assert.match(terminal.err(), /TURN_STOPPED/);
});

test("a conversation: a turn that is interrupted, one that fails and one that is well, until /exit", async () => {
  const fault = { code: "MODEL_BUSY", message: "Busy", fix: "Wait" };
  let sent = 0;
  const { run, calls, interrupts, terminal } = sit({
    terminal: { interactive: true, answers: ["first", "second", "", "third", " /exit ", "never"] },
    turns: [[], [{ type: "failed", ...fault }], [{ type: "text", text: "Well." }, DONE]],
    onSend: () => {
      if (++sent === 1) setImmediate(() => interrupts.interrupt());
    },
  });
  assert.equal(await run(), 0);
  assert.deepEqual(
    calls.filter(([name]) => name === "send").map(([, , message]) => Object(message).text),
    ["first", "second", "third"],
  );
  assert.match(terminal.out(), /Well\.\n$/);
  assert.match(terminal.err(), /TURN_STOPPED[^]*MODEL_BUSY/);
  assert.equal(interrupts.signal.aborted, false);
});

test("security: a question to a person is answered with yes by yes alone; with --json nobody is asked", async () => {
  const approval = {
    id: "apr_1",
    session: "ses_new",
    tool: "run",
    why: "It runs",
    command: "rm x",
    expiresAt: 0,
  };
  const turns = () => [[{ type: "approval", approval } as TurnEvent, DONE]];
  for (const [reply, decision] of [
    ["y", "allow"],
    [" YES ", "allow"],
    ["", "deny"],
    ["yep, why not", "deny"],
    [undefined, "deny"],
  ] as const) {
    const answers = reply === undefined ? [] : [reply];
    const { run, calls, terminal } = sit({
      words: ["go"],
      terminal: { interactive: true, answers },
      turns: turns(),
    });
    assert.equal(await run(), 0);
    assert.deepEqual(calls.at(-1), ["decide", "apr_1", decision]);
    assert.match(terminal.err(), /rm x[^]*It runs\. Allow it\? \[y\/N\]/);
  }
  const json = sit({
    words: ["go"],
    options: { json: true },
    terminal: { interactive: true },
    turns: turns(),
  });
  await json.run();
  assert.deepEqual(json.calls.at(-1), ["send", "ses_new", { text: "go", attended: false }]);
});

test("a question that can be answered for longer says how, and takes s and a for it", async () => {
  const approval = {
    id: "apr_1",
    session: "ses_new",
    tool: "web_fetch",
    why: "It reads a page",
    command: "web_fetch",
    lasting: "web:example.org",
    expiresAt: 0,
  };
  for (const [reply, decision] of [
    ["y", "allow"],
    ["s", "allow-session"],
    [" A ", "allow-always"],
    ["always!", "deny"],
    ["", "deny"],
  ] as const) {
    const { run, calls, terminal } = sit({
      words: ["go"],
      terminal: { interactive: true, answers: [reply] },
      turns: [[{ type: "approval", approval } as TurnEvent, DONE]],
    });
    assert.equal(await run(), 0);
    assert.deepEqual(calls.at(-1), ["decide", "apr_1", decision]);
    assert.match(terminal.err(), /Allow it\? \[y\/N, s = in this session, a = always\]/);
  }
});

test("who talks to the demonstration model is told how to get a real one", async () => {
  const { run, terminal } = sit({ words: ["hi"], demonstration: true });
  await run();
  assert.match(terminal.err(), /demonstration model.*ollama pull/i);
});
