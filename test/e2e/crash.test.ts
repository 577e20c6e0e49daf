/** Kill -9 of the gateway at the worst moments: what was acknowledged is there, what was done is done once. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import type { Loose } from "./client.ts";
import { createMachine } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { bubblewrapMissing } from "./needs.ts";

type Message = { role: string; text: string; tool?: string; ok?: boolean; code?: string };

const messagesOf = (detail: Loose) => detail["messages"] as unknown as Message[];
const typeOf = ({ event }: Loose) => String(event?.["type"]);

test("killed while it streams: the turn is taken up again after the restart and finished once", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [[{ text: "The answer is" }, { hang: true }], [{ text: "The answer is forty-two." }]],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const first = await machine.gateway();
  const session = await first.client.newSession();
  const { cursor } = (await first.client.get(`/api/sessions/${session}`)).json;
  const streaming = first.client.until(String(cursor), (event) => typeOf(event) === "text");
  const accepted = await first.client.say(session, "what is the answer?");
  assert.equal(accepted.status, 202);
  await streaming;
  await first.murder();

  const second = await machine.gateway();
  const detail = await untilIdle(second.client, session);
  assert.deepEqual(
    messagesOf(detail)
      .filter(({ role }) => role !== "notice")
      .map(({ role, text }) => [role, text]),
    [
      ["user", "what is the answer?"],
      ["assistant", "The answer is forty-two."],
    ],
  );
  assert.equal((await ollama.chats()).length, 2);
  await second.stop();
});

test(
  "killed while a command runs: it is not run again, and the model and the person are told that it is uncertain",
  { skip: bubblewrapMissing },
  async (t) => {
    // It says so in the file before it waits: so we know that it has taken effect.
    const command =
      "echo once >> log.txt; while [ -f wait ]; do sleep 0.05; done; echo more >> log.txt";
    const ollama = await startModel(t, "ollama", {
      turns: [
        [{ call: "write", arguments: '{"path":"wait","content":"x"}' }],
        [{ call: "run", arguments: JSON.stringify({ command }) }],
        [{ text: "I shall look before I repeat it." }],
      ],
    });
    const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
    const log = `${machine.workspace}/log.txt`;
    const first = await machine.gateway();
    const session = await first.client.newSession();
    await first.client.say(session, "do it");
    await until(() => existsSync(log));
    await first.murder();

    const second = await machine.gateway();
    const detail = await untilIdle(second.client, session);
    assert.equal(readFileSync(log, "utf8"), "once\n", "neither again nor to its end");
    const result = messagesOf(detail).find(({ role, tool }) => role === "tool" && tool === "run");
    assert.equal(result?.ok, false);
    assert.match(String(result?.text), /may have|not known|uncertain/i);
    assert.equal(messagesOf(detail).at(-1)?.text, "I shall look before I repeat it.");
    const last = (await ollama.chats()).at(-1);
    assert.match(String(last?.messages.at(-1)?.content), /may have|not known|uncertain/i);
    await second.stop();
  },
);

test("killed while many messages come in: each that was acknowledged is there, and answered once", async (t) => {
  const ollama = await startModel(t, "ollama", { otherwise: [{ text: "Noted." }] });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const first = await machine.gateway();
  const sessions = await Promise.all(Array.from({ length: 6 }, () => first.client.newSession()));
  const acknowledged: { session: string; text: string }[] = [];
  let isOver = false;
  const senders = sessions.map(async (session, which) => {
    for (let count = 0; !isOver; count++) {
      const text = `message ${which}-${count}`;
      const reply = await first.client
        .say(session, text, { key: `key-${which}-${count}` })
        .catch(() => void (isOver = true));
      if (reply?.status === 202) acknowledged.push({ session, text });
      if (acknowledged.length >= 40 && !isOver) {
        isOver = true;
        first.kill("SIGKILL");
      }
    }
  });
  await Promise.all(senders);
  await first.ended;

  const second = await machine.gateway();
  for (const session of sessions) {
    const detail = await untilIdle(second.client, session);
    const messages = messagesOf(detail);
    const asked = messages.filter(({ role }) => role === "user").map(({ text }) => text);
    for (const { text } of acknowledged.filter((one) => one.session === session)) {
      assert.equal(asked.filter((one) => one === text).length, 1, `${text} is there once`);
    }
    assert.equal(new Set(asked).size, asked.length, "nothing twice");
    const answers = messages.filter(({ role, text }) => role === "assistant" && text === "Noted.");
    assert.equal(answers.length, asked.length, "each is answered once");
  }
  // The same key again is the same message.
  const [one] = acknowledged;
  const key = `key-${one?.text.replace("message ", "")}`;
  const again = await second.client.say(String(one?.session), String(one?.text), { key });
  assert.equal(again.status, 202);
  const { json } = await second.client.get(`/api/sessions/${String(one?.session)}`);
  assert.equal(messagesOf(json).filter(({ text }) => text === one?.text).length, 1);
  await second.stop();
});

test("the note that a killed gateway left is not believed when its number is another program's by now", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const gateway = await machine.gateway();
  await gateway.murder();
  const note = JSON.parse(readFileSync(machine.path("gateway.json"), "utf8")) as object;
  const other = spawn("sleep", ["60"]);
  t.after(() => other.kill("SIGKILL"));
  const { pid } = other;
  writeFileSync(machine.path("gateway.json"), JSON.stringify({ ...note, pid }));

  assert.deepEqual(await machine.json(1, ["gateway", "status", "--json"]), [{ running: false }]);
  assert.deepEqual(await machine.json(0, ["gateway", "stop", "--json"]), [{ stopped: false }]);
  const events = await machine.json(0, ["chat", "--json", "hello"]);
  assert.equal(events.at(-1)?.["type"], "done");
  const [started] = await machine.json(0, ["gateway", "start", "--json"]);
  assert.notEqual(started?.["pid"], pid);
});

test("stopped while it streams (SIGTERM): it ends in time, and the turn is finished after the next start", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [[{ text: "Half" }, { hang: true }], [{ text: "Whole." }]],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const first = await machine.gateway();
  const chat = machine.start(["chat", "--json", "--session", "s", "go"]);
  await chat.event("text");
  await first.stop();
  const { code, stdout } = await chat.ended;
  assert.equal(code, 3);
  assert.match(stdout, /"type":"failed","code":"GATEWAY_SILENT"/);

  const second = await machine.gateway();
  const { sessions } = (await second.client.get("/api/sessions")).json;
  const detail = await untilIdle(second.client, String(sessions?.[0]?.["id"]));
  assert.equal(messagesOf(detail).at(-1)?.text, "Whole.");
  await second.stop();
});

type Client = ReturnType<ReturnType<typeof createMachine>["client"]>;

/** The session once nothing runs or waits in it; woken by the gateway's own events. */
async function untilIdle(client: Client, session: string): Promise<Loose> {
  for (;;) {
    const { json } = await client.get(`/api/sessions/${session}`);
    if (String(json["session"]?.["busy"]) === "false") return json;
    const fits = ({ type, session: one }: Loose) =>
      String(type) === "session" &&
      String(one?.["id"]) === session &&
      String(one?.["busy"]) === "false";
    await client.until(String(json["cursor"]), fits);
  }
}

/** For what no event tells: asked again as soon as everything else had its turn. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
