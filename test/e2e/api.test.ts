/** The real process as other programs meet it: OpenAI's clients, monitors, browsers of strangers. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createAuth } from "../../src/auth/create-auth.ts";
import { systemClock as clock } from "../../src/base/clock.ts";
import { createStore } from "../../src/store/sqlite.ts";
import { createClient, targetOf } from "./client.ts";
import { createMachine } from "./machine.ts";
import { startModel } from "./model-program.ts";

test("a plain client of OpenAI's gets models, a whole answer, a streamed one and the model's own tool calls", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [
      [{ text: "Hello to you." }, { end: { inputTokens: 30, outputTokens: 4 } }],
      [{ text: "One two three." }],
      [{ call: "get_weather", arguments: '{"city":"Seoul"}' }],
    ],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const openai = createClient(targetOf(gateway.url), machine.key());
  const messages = [{ role: "user", content: "hello" }];

  const ids = JSON.stringify((await openai.get("/v1/models")).json);
  assert.match(ids, /"isopod\/main"/);
  assert.match(ids, /"ollama\/qwen3:8b"/);

  const whole = await openai.post("/v1/chat/completions", { model: "isopod/main", messages });
  assert.equal(whole.status, 200);
  const choice = whole.json["choices"]?.[0];
  assert.equal(String(choice?.["message"]?.["content"]), "Hello to you.");
  assert.equal(String(choice?.["finish_reason"]), "stop");
  assert.equal(String(whole.json["usage"]?.["completion_tokens"]), "4");

  const pieces: string[] = [];
  const body = { model: "ollama/qwen3:8b", messages, stream: true };
  for await (const data of openai.stream("POST", "/v1/chat/completions", { body }))
    pieces.push(data);
  assert.equal(pieces.at(-1), "[DONE]");
  const deltas = pieces
    .slice(0, -1)
    .map((data) => JSON.parse(data).choices[0]?.delta.content ?? "");
  assert.equal(deltas.join(""), "One two three.");

  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
  const called = await openai.post("/v1/chat/completions", { ...body, stream: false, tools });
  const call = called.json["choices"]?.[0]?.["message"]?.["tool_calls"]?.[0]?.["function"];
  assert.deepEqual(call, { name: "get_weather", arguments: '{"city":"Seoul"}' });

  const wrong = await createClient(targetOf(gateway.url), "wrong-key-wrong").post(
    "/v1/chat/completions",
    { messages },
  );
  assert.equal(wrong.status, 401);
  assert.equal(String(wrong.json["error"]?.["type"]), "authentication_error");
  await gateway.stop();
});

test("monitors: /healthz and /readyz need no key and tell nothing private, /metrics needs one", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const gateway = await machine.gateway();
  const stranger = createClient(targetOf(gateway.url), "");
  assert.deepEqual((await stranger.get("/healthz")).json, { ok: true });
  assert.deepEqual((await stranger.get("/readyz")).json, { ready: true, reasons: [] });
  assert.equal((await stranger.get("/metrics")).status, 401);
  await machine.json(0, ["chat", "--json", "hello"]);
  const metrics = await gateway.client.get("/metrics");
  assert.match(String(metrics.headers["content-type"]), /^text\/plain/);
  assert.match(metrics.text, /^isopod_\w+(\{[^}]*\})? \d/m);
  assert.doesNotMatch(metrics.text, /ses_|hello/);
  await gateway.stop();
});

test("security: a page of another site, a rebound name and a form get nothing from the real process", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const gateway = await machine.gateway();
  const client = createClient(targetOf(gateway.url), machine.key());
  const { host } = new URL(gateway.url);
  const refusals: [Record<string, string>, number, string][] = [
    [{ host: "evil.example" }, 421, "HOST_REFUSED"],
    [{ host: `127.0.0.1.nip.io:1` }, 421, "HOST_REFUSED"],
    [{ host, origin: "https://evil.example" }, 403, "ORIGIN_REFUSED"],
    [{ host, origin: "null" }, 403, "ORIGIN_REFUSED"],
    [{ host, origin: "http://127.0.0.1:1" }, 403, "ORIGIN_REFUSED"],
    [{ host, "sec-fetch-site": "cross-site" }, 403, "ORIGIN_REFUSED"],
  ];
  for (const [headers, status, code] of refusals) {
    for (const [method, path] of [
      ["GET", "/api/status"],
      ["POST", "/api/gateway/stop"],
      ["POST", "/v1/chat/completions"],
    ] as const) {
      const reply = await client.ask(method, path, {
        headers,
        ...(method === "POST" && { body: {} }),
      });
      const label = `${method} ${path} ${JSON.stringify(headers)}`;
      assert.equal(reply.status, status, label);
      assert.equal(String(reply.json["error"]?.["code"]), code, label);
      assert.equal(reply.headers["access-control-allow-origin"], undefined);
    }
  }
  const own = await client.ask("GET", "/api/status", { headers: { host, origin: gateway.url } });
  assert.equal(own.status, 200, "the control: its own page is answered");
  const page = await client.ask("GET", "/", { headers: { host } });
  assert.match(String(page.headers["content-security-policy"]), /default-src 'self'/);
  await gateway.stop();
});

test("security: a second person sees, hears and touches nothing of the first one's", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const mallory = await addPerson(machine.home, "Mallory");
  const gateway = await machine.gateway();
  const session = await gateway.client.newSession({ title: "private" });
  const heard: string[] = [];
  const stranger = createClient(targetOf(gateway.url), mallory);
  const listening = await stranger.open("GET", "/api/events");
  listening.setEncoding("utf8").on("data", (text: string) => heard.push(text));

  const { cursor } = (await gateway.client.get(`/api/sessions/${session}`)).json;
  await gateway.client.say(session, "write secret to mine.txt");
  await gateway.client.until(String(cursor), ({ event }) => String(event?.["type"]) === "done");

  for (const [method, path, body] of [
    ["GET", `/api/sessions/${session}`, undefined],
    ["PATCH", `/api/sessions/${session}`, { title: "mine now" }],
    ["DELETE", `/api/sessions/${session}`, undefined],
    ["POST", `/api/sessions/${session}/messages`, { text: "hello" }],
    ["POST", `/api/sessions/${session}/stop`, {}],
  ] as const) {
    const reply = await stranger.ask(method, path, body === undefined ? {} : { body });
    assert.deepEqual(
      [reply.status, String(reply.json["error"]?.["code"])],
      [404, "NOT_FOUND"],
      path,
    );
  }
  assert.equal((await stranger.get("/api/sessions")).text, '{"sessions":[]}');
  assert.equal((await stranger.get("/api/me")).status, 200, "the control: the key is good");
  // A session of her own is the mark after which anything of the other's would have come.
  await stranger.newSession({ title: "hers" });
  while (!heard.join("").includes("hers")) {
    await new Promise((resolve) => listening.once("data", resolve));
  }
  assert.doesNotMatch(heard.join(""), new RegExp(`${session}|secret|mine\\.txt`));
  listening.destroy();
  await gateway.stop();
});

/** Before the gateway runs: there is no route for it. Returns a key with what members may have. */
async function addPerson(home: string, name: string): Promise<string> {
  const store = await createStore({ folder: home, clock });
  const auth = await createAuth({ records: store.auth, clock, homeFolder: home });
  const person = await auth.addPerson(auth.gateway, name);
  const { code } = await auth.createPairingCode(auth.gateway, { person: person.id });
  const paired = await auth.pair({ code, device: "laptop", from: "process" });
  const caller = await auth.identify({
    cookie: paired.cookie,
    deviceProof: paired.proof,
    from: "process",
  });
  const { key } = await auth.createKey(caller, { name: "script", scopes: ["chat", "read"] });
  await store.close();
  return key;
}
