/** The main job with the demonstration model: real files, real processes, the words that scripts rely on. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { createMachine, ofType, textOf } from "./machine.ts";

/** What happens to listen on this machine must not answer instead of the demonstration model. */
const ALONE = { config: { models: { mode: "replace" } } };

test("chat acts on real files without a gateway, a config or a model server", async (t) => {
  const machine = createMachine(t, ALONE);

  const wrote = await machine.json(0, ["chat", "--json", "write hello to notes.txt"]);
  assert.equal(readFileSync(`${machine.workspace}/notes.txt`, "utf8"), "hello");
  assert.deepEqual(
    ofType(wrote, "tool-call").map(({ tool, input }) => ({ tool, input })),
    [{ tool: "write", input: { path: "notes.txt", content: "hello" } }],
  );
  const [result] = ofType(wrote, "tool-result");
  assert.deepEqual([result?.["tool"], result?.["ok"]], ["write", true]);
  assert.match(String(result?.["output"]), /notes\.txt \(5 bytes\)/);
  assert.ok(ofType(wrote, "usage").length > 0);
  assert.deepEqual(wrote.at(-1), { type: "done", reason: "stop" });
  assert.match(textOf(wrote), /notes\.txt/);

  writeFileSync(`${machine.workspace}/plan.txt`, "buy bread");
  const said = await machine.isopod(["chat", "read", "plan.txt"]);
  assert.equal(said.code, 0);
  assert.match(said.stdout, /buy bread/);
  assert.match(said.stderr, /demonstration model/);
  assert.match(said.stderr, /ollama pull/);

  const found = await machine.json(0, ["chat", "--json"], { input: "what files do I have?\n" });
  assert.match(String(ofType(found, "tool-result")[0]?.["output"]), /notes\.txt[^]*plan\.txt/);

  assert.equal(statSync(machine.path("admin.key")).mode & 0o777, 0o600);
  assert.equal(existsSync(machine.path("gateway.json")), false, "its own gateway is gone again");
});

test("chat goes on in a session, with and without a gateway, and says which one it is", async (t) => {
  const machine = createMachine(t, ALONE);
  const first = await machine.json(0, ["chat", "--json", "--session", "diary", "hello"]);
  assert.equal(first.at(-1)?.["type"], "done");

  const gateway = await machine.gateway();
  await machine.json(0, ["chat", "--json", "--session", "diary", "write hi to a.txt"]);
  const { sessions } = (await gateway.client.get("/api/sessions")).json;
  const id = String(sessions?.[0]?.["id"]);
  assert.equal(sessions?.[1], undefined, "both messages are in one session");
  const { messages } = (await gateway.client.get(`/api/sessions/${id}`)).json;
  const users = (messages as unknown as { role: string; text: string }[]).filter(
    ({ role }) => role === "user",
  );
  assert.deepEqual(
    users.map(({ text }) => text),
    ["hello", "write hi to a.txt"],
  );

  await machine.json(0, ["chat", "--json", "--session", id, "hello again"]);
  const missing = await machine.json(2, ["chat", "--json", "--session", "ses_nobody", "hello"]);
  assert.deepEqual(
    missing.map(({ type, code }) => [type, code]),
    [["failed", "NOT_FOUND"]],
  );
  await gateway.stop();
});

test("gateway run --json says in one line what it serves, and everything in it is true", async (t) => {
  const machine = createMachine(t, ALONE);
  mkdirSync(machine.workspace);
  writeFileSync(`${machine.workspace}/todo.txt`, "tea");
  const gateway = await machine.gateway();
  const { ready, url, model, mode, sandbox } = gateway.ready;
  assert.deepEqual([ready, model, mode], [true, "embedded/demo", "private"]);
  assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+\/?$/);
  assert.ok(sandbox === "bubblewrap" || sandbox === null);
  assert.equal(gateway.said.stdout.trim().split("\n").length, 1);
  assert.equal((await fetch(`${String(url)}/healthz`)).status, 200);
  assert.equal(statSync(machine.path("gateway.sock")).mode & 0o777, 0o600);

  const events = await machine.json(0, ["chat", "--json", "what files do I have?"]);
  assert.match(String(ofType(events, "tool-result")[0]?.["output"]), /todo\.txt/);
  await gateway.stop();
  assert.equal(existsSync(machine.path("gateway.json")), false);
  assert.equal(existsSync(machine.path("gateway.sock")), false);
});

test("gateway run tells a person what was chosen, where to click and what to type", async (t) => {
  const machine = createMachine(t, ALONE);
  const running = machine.start(["gateway", "run"]);
  await running.line((line) => line.includes("Ctrl-C"));
  running.kill("SIGINT");
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  for (const part of [
    /model +embedded\/demo/,
    /DEMONSTRATION/,
    /ollama pull/,
    /mode +private/,
    /sandbox +/,
    /workspace +\/.*workspace/,
    /http:\/\/127\.0\.0\.1:\d+\/#pair=\S+/,
    /isopod chat/,
  ]) {
    assert.match(stdout, part);
  }
});

test("gateway start, status, restart and stop, as a script uses them", async (t) => {
  const machine = createMachine(t, ALONE);
  assert.deepEqual(await machine.json(1, ["gateway", "status", "--json"]), [{ running: false }]);
  assert.deepEqual(await machine.json(0, ["gateway", "stop", "--json"]), [{ stopped: false }]);

  const [started] = await machine.json(0, ["gateway", "start", "--json"]);
  const [again] = await machine.json(2, ["gateway", "start", "--json"]);
  assert.equal(Object(again?.["error"]).code, "GATEWAY_RUNNING");
  const [status] = await machine.json(0, ["gateway", "status", "--json", "--pair"]);
  assert.deepEqual([status?.["running"], status?.["pid"]], [true, started?.["pid"]]);
  assert.match(String(Object(status?.["pairing"]).code), /^\S+$/);

  const [restarted] = await machine.json(0, ["gateway", "restart", "--json"]);
  assert.notEqual(restarted?.["pid"], started?.["pid"]);
  assert.deepEqual(await machine.json(0, ["gateway", "stop", "--json"]), [{ stopped: true }]);
  assert.throws(() => process.kill(Number(restarted?.["pid"]), 0), { code: "ESRCH" });
});

test("health answers by exit code: well, wrong key, nobody there", async (t) => {
  const machine = createMachine(t, ALONE);
  const [nobody] = await machine.json(3, ["health", "--json"]);
  assert.equal(Object(nobody?.["error"]).code, "GATEWAY_NOT_RUNNING");

  const token = "a-token-that-is-long-enough";
  const gateway = await machine.gateway({ env: { ISOPOD_GATEWAY_TOKEN: token } });
  const [well] = await machine.json(0, ["health", "--json"]);
  assert.deepEqual([well?.["ok"], well?.["reasons"]], [true, []]);
  assert.ok(Array.isArray(well?.["queues"]));
  assert.equal((await machine.isopod(["health", "--token", token])).code, 0);
  const [wrong] = await machine.json(2, ["health", "--json", "--token", "wrong-wrong-wrong"]);
  assert.equal(Object(wrong?.["error"]).code, "AUTH_REFUSED");
  await gateway.stop();
});

test("models, mode and doctor, each as text for people and as JSON for scripts", async (t) => {
  const machine = createMachine(t, ALONE);
  const gateway = await machine.gateway();
  const [models] = await machine.json(0, ["models", "list", "--json"]);
  assert.ok(Array.isArray(models) && models[0].current === true);
  assert.equal(models[0].ref, "embedded/demo");
  assert.match((await machine.isopod(["models", "list"])).stdout, /\* +embedded\/demo +embedded/);
  const [used] = await machine.json(0, ["models", "set", "embedded/demo", "--json"]);
  assert.equal(Object(used?.["model"]).ref, "embedded/demo");

  const modeOf = async (...words: string[]) =>
    (await machine.json(0, ["mode", ...words, "--json"])).map(({ mode }) => mode);
  assert.deepEqual(await modeOf("show"), ["private"]);
  assert.deepEqual(await modeOf("set", "device"), ["device"]);
  assert.match((await machine.isopod(["mode", "show"])).stdout, /^device: this machine only/);
  assert.equal((await machine.isopod(["mode", "set", "everything"])).code, 2);

  const [seen] = await machine.json(0, ["doctor", "--json"]);
  assert.equal(seen?.["ok"], true);
  assert.match((await machine.isopod(["doctor"])).stdout, /^ok {4}/m);
  await gateway.stop();
  assert.deepEqual(await modeOf("show"), ["device"], "kept");
});

test("doctor --fix takes other people's rights off the state folder", async (t) => {
  const machine = createMachine(t, ALONE);
  await machine.json(0, ["mode", "show", "--json"]);
  writeFileSync(machine.path("leftover.txt"), "", { mode: 0o644 });
  chmodSync(machine.home, 0o775);
  const [refused] = await machine.json(1, ["gateway", "run", "--json"]);
  assert.equal(Object(refused?.["error"]).code, "STORE_EXPOSED");
  assert.match(Object(refused?.["error"]).fix, /chmod go-rwx/);
  chmodSync(machine.home, 0o755);
  const [seen] = await machine.json(1, ["doctor", "--json"]);
  assert.equal(seen?.["ok"], false);
  const [mended] = await machine.json(0, ["doctor", "--fix", "--json"]);
  assert.equal(mended?.["ok"], true);
  assert.equal(statSync(machine.path("leftover.txt")).mode & 0o077, 0);
  await (await machine.gateway()).stop();
});

test("several chats at once without a gateway wait for each other, and for a gateway that is just starting", async (t) => {
  const machine = createMachine(t, ALONE);
  const chats = ["one", "two", "three"].map((name) =>
    machine.json(0, ["chat", "--json", `write ${name} to ${name}.txt`]),
  );
  for (const events of await Promise.all(chats)) assert.equal(events.at(-1)?.["type"], "done");
  const starting = machine.gateway();
  const events = await machine.json(0, ["chat", "--json", "hello"]);
  assert.equal(events.at(-1)?.["type"], "done");
  await (await starting).stop();
});
