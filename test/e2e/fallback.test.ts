/** A fallback answers for one turn and leaves no trace: openclaw#47705, with real processes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createMachine, ofType, textOf } from "./machine.ts";
import { startModel } from "./model-program.ts";

const BROKEN = { otherwise: [{ status: 500, body: '{"error":"out of memory"}' }] };
const says = (text: string) => ({ otherwise: [{ text }] });

type Owner = Parameters<typeof createMachine>[0];

async function create(t: Owner) {
  const [big, small] = await Promise.all([
    startModel(t, "ollama", BROKEN),
    startModel(t, "ollama", says("from the small one")),
  ]);
  const config = {
    models: {
      mode: "replace",
      providers: {
        big: { api: "ollama", baseUrl: big.url },
        small: { api: "ollama", baseUrl: small.url },
      },
    },
    agents: { defaults: { model: { primary: "big/qwen3:8b", fallbacks: ["small/qwen3:8b"] } } },
  };
  const machine = createMachine(t, { config });
  const say = (text: string, ...more: string[]) =>
    machine.json(0, ["chat", "--json", ...more, text]);
  return { big, small, config, machine, say };
}

const codes = (events: Awaited<ReturnType<Awaited<ReturnType<typeof create>>["say"]>>) =>
  ofType(events, "note").map(({ code }) => code);

test("47705 (a), (b), (c): config and session stay as they were, a restart and the next turn ask the primary first", async (t) => {
  const { big, machine, say } = await create(t);
  const before = readFileSync(machine.path("isopod.json"));
  const gateway = await machine.gateway();
  for (let turn = 0; turn < 3; turn++) {
    assert.match(textOf(await say("hello", "--session", "talk")), /from the small one/);
  }
  assert.deepEqual(readFileSync(machine.path("isopod.json")), before);
  const { json } = await gateway.client.ask("GET", "/api/sessions");
  assert.doesNotMatch(JSON.stringify(json), /"model"/);
  const id = String(json["sessions"]?.["0"]?.["id"]);
  const detail = await gateway.client.ask("GET", `/api/sessions/${id}`);
  assert.match(detail.text, /"role":"notice","code":"MODEL_SWITCHED"/); // it can be read later
  await gateway.stop();

  await big.play(BROKEN);
  const again = await machine.gateway();
  const asked = (await big.chats()).length;
  assert.match(textOf(await say("hello", "--session", "talk")), /from the small one/);
  assert.equal((await big.chats()).length, asked + 1);

  await big.play(says("I am back"));
  const events = await say("hello", "--session", "talk");
  assert.match(textOf(events), /I am back/);
  assert.ok(codes(events).includes("MODEL_RECOVERED"));
  assert.deepEqual(readFileSync(machine.path("isopod.json")), before);
  await again.stop();
});

test("47705 (h): an edited chain holds from the next start, whatever answered before", async (t) => {
  const { big, small, config, machine, say } = await create(t);
  assert.match(textOf(await say("hello", "--session", "talk")), /from the small one/);
  config.agents.defaults.model = { primary: "small/qwen3:8b", fallbacks: [] };
  machine.config(config);
  await small.play(says("from the new primary"));
  const asked = (await big.chats()).length;
  const events = await say("hello", "--session", "talk");
  assert.match(textOf(events), /from the new primary/);
  assert.ok(!codes(events).includes("MODEL_SWITCHED"));
  assert.equal((await big.chats()).length, asked);
});

test("a picked model is strict, and `--model auto` lets another one answer again", async (t) => {
  const { machine, say } = await create(t);
  const words = ["chat", "--json", "--session", "talk"];
  const failed = await machine.json(3, [...words, "--model", "big/qwen3:8b", "hello"]);
  assert.equal(failed.at(-1)?.["code"], "MODEL_OUT_OF_MEMORY");
  assert.match(String(failed.at(-1)?.["fix"]), /isopod chat --session ses_\w+ --model auto/);
  assert.match(
    textOf(await say("hello", "--session", "talk", "--model", "auto")),
    /from the small one/,
  );
});

test("security: a private session begins private, shows it, and is not made of an open one", async (t) => {
  const { small, config, machine, say } = await create(t);
  Object.assign(config.models.providers.small, { locality: "cloud" });
  machine.config(config);
  await machine.isopod(["mode", "set", "internet"]);
  const canary = "canary-27182818";
  const refused = await machine.isopod([
    "chat",
    "--json",
    "--private",
    "--session",
    "secret",
    canary,
  ]);
  assert.notEqual(refused.code, 0);
  assert.ok(!JSON.stringify(await small.requests()).includes(canary));

  await say("hello", "--session", "open"); // the control: the same chain reaches the cloud here
  assert.equal((await small.chats()).length, 1);
  assert.equal((await machine.isopod(["chat", "--private", "--session", "open", "x"])).code, 2);
  const gateway = await machine.gateway();
  const { json } = await gateway.client.ask("GET", "/api/sessions");
  const rows = Object.values(json["sessions"] ?? {});
  assert.deepEqual(rows.map((row) => [row?.["title"], row?.["private"]]).toSorted(), [
    ["open", undefined],
    ["secret", true],
  ]);
  await gateway.stop();
});
