/** Real model servers' wire formats, spoken by fakes that are programs of their own. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";

import { createMachine, ofType, textOf } from "./machine.ts";
import { behindSocket, startModel } from "./model-program.ts";
import { bubblewrapMissing } from "./needs.ts";

const ONLY = { mode: "replace" };

test("an Ollama at OLLAMA_HOST is found, proved local and used, and its tool calls act", async (t) => {
  const ollama = await startModel(t, "ollama", {
    models: [{ name: "qwen3:8b" }, { name: "deepseek-v4:cloud", sizeBytes: 400 }],
    chunkBytes: 7,
    turns: [
      [
        { text: "I will write it." },
        { call: "write", arguments: '{"path":"김치.txt","content":"맵다 🌶"}' },
      ],
      [{ call: "read", arguments: '{"path":"김치.txt"}' }],
      [{ text: "Done: 맵다 🌶" }],
    ],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  assert.equal(gateway.ready["model"], "ollama/qwen3:8b");

  const events = await machine.json(0, ["chat", "--json", "write the file"]);
  assert.equal(readFileSync(`${machine.workspace}/김치.txt`, "utf8"), "맵다 🌶");
  assert.deepEqual(
    ofType(events, "tool-result").map(({ tool, ok }) => [tool, ok]),
    [
      ["write", true],
      ["read", true],
    ],
  );
  assert.match(textOf(events), /I will write it\.[^]*Done: 맵다 🌶/);
  assert.deepEqual(events.at(-1), { type: "done", reason: "stop" });

  const chats = await ollama.chats();
  assert.equal(chats.length, 3);
  assert.deepEqual(new Set(chats.map(({ model }) => model)), new Set(["qwen3:8b"]));
  for (let i = 1; i < chats.length; i++) {
    const before = chats[i - 1]?.messages ?? [];
    assert.deepEqual(chats[i]?.messages.slice(0, before.length), before, "the prefix is stable");
  }
  await gateway.stop();
});

test("security: a model of the cloud behind a local server is never picked, and refused when asked for", async (t) => {
  const ollama = await startModel(t, "ollama", {
    models: [
      {
        name: "gpt-oss:120b-cloud",
        remoteHost: "https://ollama.com:443",
        loadedContextTokens: 8192,
      },
      { name: "kimi-k2:cloud", sizeBytes: 300 },
    ],
  });
  const machine = createMachine(t, {
    config: { models: { mode: "replace", providers: { ollama: { baseUrl: ollama.url } } } },
  });
  const events = await machine.json(0, ["chat", "--json", "hello"]);
  assert.equal(events.at(-1)?.["type"], "done", "the demonstration model answers instead");
  const picked = ["--model", "ollama/kimi-k2:cloud"];
  const refused = await machine.json(2, ["chat", "--json", ...picked, "hello"]);
  assert.equal(refused.at(-1)?.["code"], "MODEL_NOT_ALLOWED");
  assert.match(String(refused.at(-1)?.["fix"]), /isopod mode set internet/);
  assert.equal((await machine.isopod(["models", "use", "ollama/gpt-oss:120b-cloud"])).code, 2);
  assert.deepEqual(await ollama.chats(), []);
});

test("several servers: a fallback answers for the turn and says so, a picked model is strict", async (t) => {
  const [first, second] = await Promise.all([
    startModel(t, "ollama", { otherwise: [{ text: "from the first" }] }),
    startModel(t, "openai", { otherwise: [{ text: "from the second" }] }),
  ]);
  const machine = createMachine(t, {
    config: {
      models: {
        ...ONLY,
        providers: {
          big: { api: "ollama", baseUrl: first.url },
          small: { baseUrl: `${second.url}/v1`, locality: "device" },
        },
      },
      agents: { defaults: { model: { primary: "big/qwen3:8b", fallbacks: ["small/qwen3-8b"] } } },
    },
  });
  const gateway = await machine.gateway();
  assert.match(textOf(await machine.json(0, ["chat", "--json", "hello"])), /from the first/);
  await first.crash();
  const events = await machine.json(0, ["chat", "--json", "hello"]);
  assert.match(textOf(events), /from the second/);
  assert.ok(ofType(events, "note").some(({ code }) => code === "MODEL_SWITCHED"));

  const strict = await machine.json(3, ["chat", "--json", "--model", "big/qwen3:8b", "hello"]);
  assert.equal(strict.at(-1)?.["code"], "MODEL_UNREACHABLE");
  assert.match(String(strict.at(-1)?.["fix"]), /models\.providers\.big\.baseUrl/);
  await gateway.stop();
});

test("a server behind a Unix socket is a provider like any other", async (t) => {
  const server = await startModel(t, "openai", { otherwise: [{ text: "through the socket" }] });
  const machine = createMachine(t);
  const socket = machine.path("model.sock");
  await behindSocket(t, server.url, socket);
  machine.config({
    models: { ...ONLY, providers: { here: { baseUrl: `unix:${socket}:/v1`, locality: "device" } } },
  });
  const events = await machine.json(0, ["chat", "--json", "hello"]);
  assert.match(textOf(events), /through the socket/);
  const ledger = readFileSync(machine.path("ledger.jsonl"), "utf8");
  assert.ok(ledger.includes(socket), "the ledger names it");
});

test(
  "run acts in the workspace, without a network and without a way out of it",
  { skip: bubblewrapMissing },
  async (t) => {
    const machine = createMachine(t);
    const command = [
      "echo made > made.txt",
      `echo out > ${machine.path("out.txt")}`,
      `cat ${machine.path("admin.key")}`,
      "echo interfaces: $(grep : /proc/net/dev | cut -d: -f1)",
      "exit 3",
    ].join("; ");
    const ollama = await startModel(t, "ollama", {
      turns: [
        [{ call: "run", arguments: JSON.stringify({ command }) }],
        [{ text: "It ended with 3." }],
      ],
    });
    const events = await machine.json(0, ["chat", "--json", "run it"], {
      env: { OLLAMA_HOST: ollama.address },
    });
    assert.equal(readFileSync(`${machine.workspace}/made.txt`, "utf8"), "made\n");
    assert.equal(existsSync(machine.path("out.txt")), false);
    const output = String(ofType(events, "tool-result")[0]?.["output"]);
    assert.ok(!output.includes(machine.key()), "the key is not to be seen");
    assert.match(output, /interfaces: lo\n/);
    assert.match(output, /exit(ed)?\D+3/i);
  },
);

test(
  "what must be asked is asked: allowed over the API it happens, denied it does not, unattended it means no",
  { skip: bubblewrapMissing },
  async (t) => {
    const call = (name: string) => ({
      call: "run",
      arguments: JSON.stringify({ command: `touch ${name}` }),
    });
    const ollama = await startModel(t, "ollama", {
      turns: [
        [call("allowed")],
        [{ text: "yes" }],
        [call("denied")],
        [{ text: "no" }],
        [call("alone")],
        [{ text: "nobody" }],
      ],
    });
    const machine = createMachine(t, {
      config: { sandbox: { run: "ask" } },
      env: { OLLAMA_HOST: ollama.address },
    });
    const { client, stop } = await machine.gateway();
    const session = await client.newSession();
    for (const decision of ["allow", "deny"]) {
      const { cursor } = (await client.get(`/api/sessions/${session}`)).json;
      const asked = client.until(
        String(cursor),
        ({ event }) => String(event?.["type"]) === "approval",
      );
      const ended = client.until(String(cursor), ({ event }) => String(event?.["type"]) === "done");
      const headers = { "x-isopod-attended": "1" };
      await client.ask("POST", `/api/sessions/${session}/messages`, {
        body: { text: "do it" },
        headers,
      });
      const approval = (await asked).at(-1)?.["event"]?.["approval"];
      assert.match(String(approval?.["command"]), /touch (allowed|denied)/);
      const answer = await client.post(`/api/approvals/${String(approval?.["id"])}`, { decision });
      assert.equal(answer.status, 200);
      const again = await client.post(`/api/approvals/${String(approval?.["id"])}`, { decision });
      assert.notEqual(again.status, 200, "a question is answered once");
      await ended;
    }
    assert.equal(existsSync(`${machine.workspace}/allowed`), true);
    assert.equal(existsSync(`${machine.workspace}/denied`), false);

    const events = await machine.json(0, ["chat", "--json", "do it"]);
    assert.equal(ofType(events, "tool-result")[0]?.["ok"], false);
    assert.equal(existsSync(`${machine.workspace}/alone`), false);
    assert.equal(textOf(events), "nobody");
    await stop();
  },
);

test("Ctrl-C during a slow answer stops the turn and ends with 130; what was said is kept", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [[{ text: "One, two," }, { hang: true }], [{ text: "Well." }]],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const chat = machine.start(["chat", "--json", "--session", "count", "count to ten"]);
  await chat.event("text");
  chat.kill("SIGINT");
  const { code, stdout } = await chat.ended;
  assert.equal(code, 130);
  assert.match(stdout, /"type":"failed","code":"TURN_STOPPED"/);
  const events = await machine.json(0, ["chat", "--json", "--session", "count", "still there?"]);
  assert.equal(textOf(events), "Well.");
  const last = (await ollama.chats()).at(-1);
  assert.ok(
    last?.messages.some(
      ({ role, content }) => role === "assistant" && content?.includes("One, two"),
    ),
  );
  await gateway.stop();

  await ollama.play({ turns: [[{ text: "One," }, { hang: true }]] });
  const own = machine.start(["chat", "count again"]);
  await own.says("One,");
  own.kill("SIGINT");
  assert.equal((await own.ended).code, 130, "also in a gateway of its own");
  rmSync(machine.path("workspace"), { recursive: true });
});
