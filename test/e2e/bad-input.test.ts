/** What people get wrong and machines run out of: a code, what happened, what to do, and no stack trace. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import {
  assertPlain,
  createMachine,
  type Json,
  type Machine,
  ofType,
  ROOT,
  textOf,
} from "./machine.ts";
import { startModel, startStranger } from "./model-program.ts";
import { mountsMissing, oldNode } from "./needs.ts";

/** Runs it for people and for scripts: both get code and fix, on the stream where they look. */
async function fails(
  machine: Machine,
  { words, exit, code, says }: { words: string[]; exit: number; code: string; says: RegExp },
): Promise<void> {
  const said = await machine.isopod(words);
  assert.equal(said.code, exit, `${words.join(" ")}\n${said.stdout}\n${said.stderr}`);
  assert.match(said.stderr, new RegExp(`^${code} {2}\\S[^]*^ {2}fix {3}\\S`, "m"));
  assert.match(said.stderr, says);
  const [line] = await machine.json(exit, [...words, "--json"]);
  const fault = line?.["type"] === "failed" ? line : (line?.["error"] as Json);
  assert.deepEqual([fault["code"], typeof fault["fix"]], [code, "string"]);
}

const RUN = ["gateway", "run"];

test("a config that is not JSON5 says where, and nothing is made", async (t) => {
  const machine = createMachine(t, { config: '{\n  models: { mode: "merge" \n  gateway: {}\n}' });
  await fails(machine, { words: RUN, exit: 2, code: "CONFIG_SYNTAX", says: /line 3/ });
  await fails(machine, { words: ["chat", "hi"], exit: 2, code: "CONFIG_SYNTAX", says: /JSON5/ });
  assert.equal(existsSync(machine.path("isopod.db")), false);
  const [report] = await machine.json(2, [
    "config",
    "check",
    machine.path("isopod.json"),
    "--json",
  ]);
  assert.equal(report?.["ok"], false);
});

test("a value of the wrong type names its path, what was found and what is allowed", async (t) => {
  const machine = createMachine(t, { config: { sandbox: { timeoutSeconds: "long" } } });
  await fails(machine, {
    words: RUN,
    exit: 2,
    code: "CONFIG_VALUE",
    says: /sandbox\.timeoutSeconds[^]*"long"/,
  });
});

test("an unknown key is a note with the nearest one; one that would restrict refuses to start", async (t) => {
  const machine = createMachine(t, {
    config: { models: { mode: "replace" }, agents: { defualts: {} } },
  });
  const file = machine.path("isopod.json");
  const [report] = await machine.json(0, ["config", "check", file, "--json"]);
  assert.deepEqual([report?.["ok"], Object(report?.["faults"]).length], [true, 0]);
  const [note] = Object(report).notes as Json[];
  assert.equal(note?.["path"], "agents.defualts");
  assert.match(String(note?.["message"]), /agents\.defaults|"defaults"/);
  assert.equal(typeof report?.["effective"], "object");
  await (await machine.gateway()).stop();

  machine.config({ ofline: true });
  await fails(machine, { words: RUN, exit: 2, code: "CONFIG_UNKNOWN_KEY", says: /offline/ });
  const [refused] = await machine.json(2, ["config", "check", file, "--json"]);
  assert.equal(Object(refused?.["faults"])[0].code, "CONFIG_UNKNOWN_KEY");

  machine.config({ models: { mode: "replace" } });
  const [explained] = await machine.json(0, ["config", "explain", "models.mode", "--json"]);
  assert.match(JSON.stringify(explained), /isopod\.json/);
});

test("ISOPOD_CONFIG that names no file is said, and so is one that is a folder", async (t) => {
  const missing = createMachine(t, { env: { ISOPOD_CONFIG: "/nowhere/isopod.json" } });
  await fails(missing, { words: RUN, exit: 2, code: "CONFIG_MISSING", says: /ISOPOD_CONFIG/ });
  const folder = createMachine(t, { env: { ISOPOD_CONFIG: tmpdir() } });
  await fails(folder, { words: RUN, exit: 2, code: "CONFIG_UNREADABLE", says: /fix/ });
});

test("a port in use names the address, and how to choose another", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const machine = createMachine(t, { env: { ISOPOD_GATEWAY_PORT: `${port}` } });
  await fails(machine, {
    words: RUN,
    exit: 2,
    code: "PORT_IN_USE",
    says: new RegExp(`127\\.0\\.0\\.1:${port}[^]*ISOPOD_GATEWAY_PORT`),
  });
  await fails(machine, { words: ["gateway", "start"], exit: 2, code: "PORT_IN_USE", says: /fix/ });
});

test("two gateways on one state folder: the second is refused, the first goes on", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const first = await machine.gateway();
  await fails(machine, { words: RUN, exit: 2, code: "STORE_LOCKED", says: /gateway stop/ });
  assert.equal((await machine.isopod(["health"])).code, 0);
  assert.equal(
    existsSync(machine.path("gateway.json")),
    true,
    "the first one's note is still there",
  );
  await first.stop();
});

test("a model that is not there, a provider that nobody names, a mode that does not exist", async (t) => {
  const ollama = await startModel(t, "ollama", { models: [{ name: "qwen3:8b" }] });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const ask = (model: string) => ["chat", "--model", model, "hello"];
  await fails(machine, {
    words: ask("ollama/qwen3:9b"),
    exit: 2,
    code: "MODEL_MISSING",
    says: /qwen3:8b/,
  });
  await fails(machine, {
    words: ask("nobody/x"),
    exit: 2,
    code: "MODEL_PROVIDER_UNKNOWN",
    says: /ollama/,
  });
  await fails(machine, {
    words: ["models", "use", "ollama/none"],
    exit: 2,
    code: "MODEL_MISSING",
    says: /fix/,
  });
  await fails(machine, {
    words: ["mode", "set", "wide"],
    exit: 2,
    code: "USAGE",
    says: /device, private/,
  });
  assert.equal((await machine.isopod(["chta"])).code, 2);
  assert.equal((await machine.isopod(["chat", "--jason", "x"])).code, 2);
  await gateway.stop();
});

test("a server that answers a web page, hangs up, or is silent is told apart", async (t) => {
  const page =
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>Router login</html>";
  const [html, mute, silent] = await Promise.all([
    startStranger(t, page),
    startStranger(t, ""),
    startStranger(t),
  ]);
  const machine = createMachine(t);
  const provider = (baseUrl: string) => ({
    api: "openai-completions",
    baseUrl,
    timeoutSeconds: 1,
    locality: "device",
    models: { m: {} },
  });
  machine.config({
    models: {
      mode: "replace",
      providers: {
        html: provider(`${html.url}/v1`),
        mute: provider(`${mute.url}/v1`),
        silent: provider(`${silent.url}/v1`),
        closed: provider("http://127.0.0.1:9/v1"),
      },
    },
  });
  const gateway = await machine.gateway();
  const seen: Record<string, unknown> = {};
  for (const id of ["html", "mute", "silent", "closed"]) {
    const ran = await machine.isopod(["chat", "--json", "--model", `${id}/m`, "hello"]);
    const last = JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "") as Json;
    assert.equal(last["type"], "failed");
    assert.ok(String(last["message"]).includes(`"${id}"`), String(last["message"]));
    assert.ok(String(last["fix"]).length > 10);
    seen[id] = [ran.code, last["code"]];
  }
  assert.deepEqual(seen, {
    html: [1, "MODEL_GARBLED"],
    mute: [3, "MODEL_UNREACHABLE"],
    silent: [3, "MODEL_UNREACHABLE"],
    closed: [3, "MODEL_UNREACHABLE"],
  });
  await gateway.stop();
});

test("a model's broken UTF-8, cut stream and error in mid-stream end the turn with a code, and the next is well", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [
      [{ text: "Half an ans" }, { cut: true }],
      [{ text: "Half" }, { error: "CUDA error: out of memory" }],
      [{ text: "Before " }, { hex: BROKEN }, { text: " after." }],
      [{ hex: "00ff00ff0a" }],
      [{ text: "Fine." }],
    ],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const say = (code: number) => machine.json(code, ["chat", "--json", "--session", "s", "hello"]);
  const cut = await say(1);
  assert.deepEqual([textOf(cut), cut.at(-1)?.["code"]], ["Half an ans", "MODEL_STREAM_CUT"]);
  const broken = await say(3);
  assert.deepEqual([textOf(broken), broken.at(-1)?.["code"]], ["Half", "MODEL_OUT_OF_MEMORY"]);
  const replaced = await say(0);
  assert.equal(textOf(replaced), "Before a\uFFFDb after.", "what is no UTF-8 is shown as such");
  const garbage = await say(1);
  assert.equal(garbage.at(-1)?.["code"], "MODEL_GARBLED");
  assert.equal(textOf(await say(0)), "Fine.");
  await gateway.stop();
});

test("tool calls with wrong arguments, of unknown tools and out of the workspace come back to the model as faults", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [
      [{ call: "write", arguments: '{"path":7}' }],
      [{ call: "launch_missiles", arguments: "{}" }],
      [{ call: "read", arguments: '{"path":"../admin.key"}' }],
      [{ call: "read", arguments: '{"path":"/etc/passwd"}' }],
      [{ text: "None of it worked." }],
    ],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const events = await machine.json(0, ["chat", "--json", "try"]);
  const results = ofType(events, "tool-result").map(({ tool, ok, output }) => [
    tool,
    ok,
    String(output).split(":")[0],
  ]);
  assert.deepEqual(results, [
    ["write", false, "TOOL_ARGUMENTS_WRONG"],
    ["launch_missiles", false, 'There is no tool "launch_missiles". There are'],
    ["read", false, "PATH_OUTSIDE_WORKSPACE"],
    ["read", false, "PATH_OUTSIDE_WORKSPACE"],
  ]);
  assert.ok(!JSON.stringify(events).includes(machine.key()));
  assert.equal(textOf(events), "None of it worked.");
});

test("100 MB to /api and to /v1 are refused while they come, broken UTF-8 and broken JSON at once", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const { client, pid, stop } = await machine.gateway();
  const session = await client.newSession();
  const paths = [
    "/api/sessions",
    `/api/sessions/${session}/messages`,
    "/v1/chat/completions",
    "/api/pair",
  ];
  for (const path of paths) {
    for (const length of [{ "content-length": "100000000" }, { "transfer-encoding": "chunked" }]) {
      const reply = await client.ask("POST", path, { headers: length, body: flood(100_000_000) });
      assert.equal(reply.status, 413, `${path} ${reply.text}`);
      assert.equal(String(reply.json["error"]?.["code"]), "REQUEST_TOO_LARGE");
    }
    for (const body of [Buffer.from('{"text":"\xff\xfe"}', "latin1"), "{nonsense", "", "[1]"]) {
      const reply = await client.ask("POST", path, { body });
      assert.equal(reply.status, 400, `${path} ${String(body)} ${reply.text}`);
      assert.equal(String(reply.json["error"]?.["code"]), "REQUEST_INVALID");
      assert.doesNotMatch(reply.text, /\n\s+at /);
    }
  }
  const rss = Number(
    /VmHWM:\s+(\d+)/.exec(spawnSync("cat", [`/proc/${pid}/status`]).stdout.toString())?.[1],
  );
  assert.ok(rss < 400_000, `it never held such a body: ${rss} kB at most`);
  assert.equal((await client.get("/healthz")).status, 200);
  await stop();
});

test(
  "a full disk is said, what was acknowledged stays, and with room again it goes on",
  { skip: mountsMissing },
  async (t) => {
    const small = mkdtempSync(join(tmpdir(), "isopod-small-"));
    t.after(() => rmSync(small, { recursive: true, force: true }));
    const script = `mount -t tmpfs -o size=1500k,mode=0700 none ${small} && cd ${small} && exec "$@"`;
    const enter = ["unshare", "-rm", "sh", "-c", script, "sh"];
    const machine = createMachine(t, {
      enter,
      env: { ISOPOD_HOME: small },
    });
    machine.env["ISOPOD_CONFIG"] = machine.path("isopod.json");
    machine.config({ models: { mode: "replace" } });
    const gateway = machine.start(["gateway", "run", "--json"]);
    await gateway.line((line) => line.startsWith('{"ready"'));
    // Its home is to be seen in its own mount namespace only.
    const inside = ["nsenter", "-t", `${gateway.pid}`, "-U", "-m", "--preserve-credentials"];
    const sh = (command: string) =>
      spawnSync("nsenter", [...inside.slice(1), "sh", "-c", command], { encoding: "utf8" });
    const first = await machine.json(0, ["chat", "--json", "hello"], { enter: inside });
    assert.equal(first.at(-1)?.["type"], "done");

    sh(`head -c 9000000 /dev/zero > ${small}/ballast`);
    const long = { enter: inside, input: "b".repeat(200_000) };
    const refused = await machine.json(1, ["chat", "--json"], long);
    assert.equal(refused.at(-1)?.["code"], "STORE_FULL");
    sh(`rm ${small}/ballast`);
    const again = await machine.json(0, ["chat", "--json", "hello"], { enter: inside });
    assert.equal(again.at(-1)?.["type"], "done");
    gateway.kill("SIGTERM");
    const ended = await gateway.ended;
    assertPlain(ended);
    assert.equal(ended.code, 0, ended.stderr);
  },
);

test("a disk that is full at the start is said, too", { skip: mountsMissing }, async (t) => {
  const small = mkdtempSync(join(tmpdir(), "isopod-small-"));
  t.after(() => rmSync(small, { recursive: true, force: true }));
  const script = `mount -t tmpfs -o size=32k,mode=0700 none ${small} && exec "$@"`;
  const enter = ["unshare", "-rm", "sh", "-c", script, "sh"];
  const machine = createMachine(t, { enter, env: { ISOPOD_HOME: small } });
  await fails(machine, { words: RUN, exit: 1, code: "STORE_FULL", says: /Free some space/ });
});

test(
  "a workspace that cannot be written is said at the start, with the command that mends it",
  { skip: mountsMissing },
  async (t) => {
    const workspace = mkdtempSync(join(tmpdir(), "isopod-fixed-"));
    t.after(() => rmSync(workspace, { recursive: true, force: true }));
    // Read-only for root as well.
    const script = `mount --bind ${workspace} ${workspace} && mount -o remount,bind,ro ${workspace} && exec "$@"`;
    const machine = createMachine(t, {
      config: { models: { mode: "replace" } },
      enter: ["unshare", "-rm", "sh", "-c", script, "sh"],
      env: { ISOPOD_WORKSPACE: workspace },
    });
    await fails(machine, { words: RUN, exit: 2, code: "WORKSPACE_READONLY", says: /chown/ });
  },
);

test("a workspace that overlaps the state is refused", async (t) => {
  const machine = createMachine(t);
  for (const workspace of [machine.home, join(machine.home, "..")]) {
    const ran = await machine.isopod(RUN, { env: { ISOPOD_WORKSPACE: workspace } });
    assert.deepEqual([ran.code, /^[A-Z_]+/.exec(ran.stderr)?.[0]], [2, "WORKSPACE_OVERLAPS"]);
  }
});

test("a Node that is too old starts the one that npm brought along, and says what to do where there is none", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const ran = await machine.isopod(["--version"], { node: oldNode });
  assert.deepEqual([ran.code, ran.stderr], [0, ""]);
  assert.match(ran.stdout, /^\d+\.\d+\.\d+/);
  const [wrong] = await machine.json(3, ["health", "--json"], { node: oldNode });
  assert.equal(Object(wrong?.["error"]).code, "GATEWAY_NOT_RUNNING", "exit codes pass through");

  const copy = mkdtempSync(join(tmpdir(), "isopod-bare-"));
  t.after(() => rmSync(copy, { recursive: true }));
  mkdirSync(join(copy, "bin"));
  cpSync(join(ROOT, "bin"), join(copy, "bin"), { recursive: true });
  const [program = "", ...flags] = oldNode;
  const bare = spawnSync(program, [...flags, join(copy, "bin/isopod.cjs"), "--version"], {
    encoding: "utf8",
  });
  assert.equal(bare.status, 2);
  assert.match(bare.stderr, /^NODE_TOO_OLD {2}.*\n {2}fix {3}.*Node 24/);
  assert.doesNotMatch(bare.stderr, /^\s+at /m);
});

/** A line of Ollama's with a byte in it that no UTF-8 has. */
const BROKEN = Buffer.from(
  '{"model":"qwen3:8b","message":{"role":"assistant","content":"a\xffb"},"done":false}\n',
  "latin1",
).toString("hex");

async function* flood(bytes: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(64 * 1024, 0x61);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}
