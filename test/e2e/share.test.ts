/** Several devices without the internet: one shares its models, one is paired with it, one is a stranger. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";

import { createMachine, type Json, type Machine, textOf } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { namespacesMissing } from "./needs.ts";
import { connectDevices, type Device } from "./network-namespace.ts";

const skip = namespacesMissing;

/** `curl` of a device, without checking certificates: the status, or why there is none. */
function curl(device: Device, url: string, headers: Record<string, string> = {}): string {
  const program = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    fetch(process.argv[1], { headers: JSON.parse(process.argv[2]), signal: AbortSignal.timeout(3000) })
      .then(({ status }) => console.log(status), ({ cause, name }) => console.log(cause?.code ?? name))`;
  const [enter = "", ...args] = [...device.enter, process.execPath, "--no-warnings", "-e", program];
  const { stdout } = spawnSync(enter, [...args, url, JSON.stringify(headers)], {
    encoding: "utf8",
  });
  return stdout.trim();
}

async function one(machine: Machine, words: readonly string[], code = 0): Promise<Json> {
  return (await machine.json(code, [...words, "--json"])).at(-1) ?? {};
}

type Stage = {
  host: Machine;
  guest: Machine;
  devices: Device[];
  link: string;
  url: string;
  /** Where each one's Ollama keeps its models. */
  stores: { host: string; guest: string };
};

/** Two machines with gateways of their own; the first one shares the server of this script. */
async function createStage(t: TestContext, script = {}, scopes = ["infer"]): Promise<Stage> {
  const devices = await connectDevices(t, 3);
  const [a, b] = devices;
  const ollama = await startModel(t, "ollama", script, a?.enter ?? []);
  const disk = createMachine(t);
  const stores = { host: disk.path("host"), guest: disk.path("guest") };
  const host = createMachine(t, {
    enter: a?.enter ?? [],
    env: { OLLAMA_MODELS: stores.host },
    config: { models: { mode: "replace", providers: { ollama: { baseUrl: ollama.url } } } },
  });
  const guest = createMachine(t, {
    enter: b?.enter ?? [],
    env: { OLLAMA_MODELS: stores.guest },
    config: { models: { mode: "replace" } },
  });
  // In the background: the rest of a test may take longer than a program in the foreground is waited for.
  await one(host, ["gateway", "start"]);
  const { url } = await one(host, ["share", "start"]);
  const { link } = await one(host, ["share", "pair", ...scopes.flatMap((one) => ["--scope", one])]);
  return { host, guest, devices, link: String(link), url: String(url), stores };
}

test(
  "a paired device chats with the model of another one, over a network that leads nowhere else",
  { skip },
  async (t) => {
    const script = { turns: [[{ text: "Hello from the desk." }]] };
    const { host, guest, link, url } = await createStage(t, script);
    assert.match(url, /^https:\/\/10\.88\.0\.1:18790$/, "the only address there is was taken");
    const added = await one(guest, ["models", "add", link, "--name", "desk"]);
    assert.deepEqual(
      [added["id"], added["scopes"], added["models"]],
      ["desk", ["infer"], ["qwen3:8b"]],
    );
    const config = readFileSync(guest.path("isopod.json"), "utf8");
    assert.doesNotMatch(config, /isd_/, "the token is in the secrets folder");
    assert.match(readFileSync(guest.path("secrets/share-desk.key"), "utf8"), /^isd_/);

    const events = await guest.json(0, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
    assert.equal(textOf(events), "Hello from the desk.");
    const list = JSON.stringify(await one(guest, ["models", "list"]));
    assert.match(list, /"desk\/qwen3:8b"/);
    assert.match(list, /"lan"/);

    const { devices } = await one(host, ["share", "list"]);
    const [device] = devices as Json[];
    await one(host, ["share", "revoke", String(device?.["id"])]);
    const refused = await guest.json(2, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
    assert.equal(refused.at(-1)?.["code"], "MODEL_KEY_REFUSED");
  },
);

test(
  "security: a stranger on the same network gets nothing, while an open server gives everything away",
  { skip },
  async (t) => {
    const { guest, link, url, devices } = await createStage(t);
    const [a, , stranger] = devices;
    assert.ok(a && stranger);
    await one(guest, ["models", "add", link]);
    assert.equal(curl(stranger, `${url}/api/tags`), "401");
    assert.equal(curl(stranger, `${url}/api/tags`, { authorization: "Bearer isd_x" }), "401");
    assert.equal(curl(stranger, `http://${a.address}:11434/api/tags`), "ECONNREFUSED");
    assert.match(curl(stranger, `${url.replace("https", "http")}/api/tags`), /ECONNRESET|SOCKET/);
    const [program = "", ...args] = [...a.enter, process.execPath, "-e", OPEN];
    const { spawn } = await import("node:child_process");
    const open = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => open.kill("SIGKILL"));
    await new Promise((resolve) => open.stdout.once("data", resolve));
    const control = curl(stranger, `http://${a.address}:11434/api/tags`);
    assert.equal(control, "200", "the control: a server that listens everywhere answers anybody");
  },
);

/** What `OLLAMA_HOST=0.0.0.0` makes of a machine. */
const OPEN = `require("node:http").createServer((_, response) => response.end("{}"))
  .listen(11434, "0.0.0.0", () => console.log("ready"))`;

test(
  "security: whoever stands in between has another key: the code does not pair, and a token is never sent",
  { skip },
  async (t) => {
    const { host, guest, link, devices } = await createStage(t);
    const [a, , middle] = devices;
    assert.ok(a && middle);
    const other = createMachine(t, {
      enter: middle.enter,
      config: { models: { mode: "replace", providers: { ollama: {} } } },
    });
    await one(other, ["gateway", "start"]);
    await one(other, ["share", "start"]);
    // The address of the stranger, with the code and the fingerprint of the device that was meant.
    const lured = link.replace(a.address, middle.address);
    const refused = await one(guest, ["models", "add", lured], 2);
    assert.equal(Object(refused["error"]).code, "SHARE_FINGERPRINT");
    assert.equal(existsSync(guest.path("isopod.json")) && existsSync(guest.path("secrets")), false);
    assert.doesNotMatch(
      existsSync(other.path("share.jsonl")) ? readFileSync(other.path("share.jsonl"), "utf8") : "",
      /pair/,
      "nothing was sent to it",
    );
    await one(guest, ["models", "add", link, "--name", "desk"]);

    // Later it takes over the address: the pin refuses it on the first connection.
    const config = JSON.parse(readFileSync(guest.path("isopod.json"), "utf8")) as Json;
    guest.config(JSON.parse(JSON.stringify(config).replace(a.address, middle.address)) as object);
    const moved = await guest.json(3, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
    assert.equal(moved.at(-1)?.["code"], "EGRESS_PIN_MISMATCH");
    guest.config(config);
    await guest.json(0, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
    assert.ok(host.home);
  },
);

test(
  "by hand: the fingerprint is asked about, and nothing is sent before it was confirmed",
  { skip },
  async (t) => {
    const { host, guest, link, url } = await createStage(t);
    const [code = "", fingerprint = ""] = link.split("#")[1]?.split(".") ?? [];
    const words = ["models", "add", url, "--code", code, "--name", "desk"];
    const refused = await guest.isopod(words, { input: "n\n" });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, new RegExp(fingerprint), "what the other device shows is shown");
    assert.deepEqual((await one(host, ["share", "list"]))["devices"], []);
    const added = await guest.isopod(words, { input: "y\n" });
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /isopod models use desk\/qwen3:8b/);

    const { link: next } = await one(host, ["share", "pair"]);
    const other = await one(guest, ["models", "add", String(next), "--name", "wrong name"], 2);
    assert.ok(other["error"]);
    guest.config({
      models: { mode: "replace", providers: { mine: { baseUrl: "http://10.9.9.9" } } },
    });
    const taken = await one(guest, ["models", "add", String(next), "--name", "mine"], 2);
    assert.match(String(Object(taken["error"]).message), /another provider/);
    assert.match(readFileSync(guest.path("isopod.json"), "utf8"), /10\.9\.9\.9/);
  },
);

test(
  "a model is copied from the other device's store by the command line, for who may read it",
  { skip },
  async (t) => {
    const { host, guest, link, stores } = await createStage(t, {}, ["infer", "read"]);
    const weights = randomBytes(2_000_000);
    writeModel(stores.host, "qwen3/8b", weights);
    await one(guest, ["models", "add", link, "--name", "desk"]);
    const done = await one(guest, ["models", "copy", "desk", "qwen3:8b"]);
    assert.deepEqual([done["type"], done["ref"]], ["done", "qwen3:8b"]);
    assert.deepEqual(readFileSync(join(stores.guest, "blobs", nameOf(weights))), weights);

    const { link: plain } = await one(host, ["share", "pair"]);
    await one(guest, ["models", "add", String(plain), "--name", "plain"]);
    const refused = await one(guest, ["models", "copy", "plain", "qwen3:8b"], 2);
    assert.equal(refused["code"], "SHARE_SCOPE");
    const unknown = await one(guest, ["models", "copy", "nobody", "qwen3:8b"], 2);
    assert.equal(unknown["code"], "NOT_FOUND");
  },
);

const nameOf = (bytes: Uint8Array) => `sha256-${createHash("sha256").update(bytes).digest("hex")}`;

/** One model of one part, as Ollama lays it down. */
function writeModel(store: string, name: string, bytes: Uint8Array): void {
  const file = join(store, "manifests/registry.ollama.ai/library", name);
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(join(store, "blobs"), { recursive: true });
  writeFileSync(join(store, "blobs", nameOf(bytes)), bytes);
  const part = { digest: nameOf(bytes).replace("-", ":"), size: bytes.length };
  writeFileSync(file, JSON.stringify({ schemaVersion: 2, config: part, layers: [] }));
}

test("security: in mode device a paired device's models are not reached", { skip }, async (t) => {
  const { guest, link } = await createStage(t);
  await one(guest, ["models", "add", link, "--name", "desk"]);
  await one(guest, ["mode", "set", "device"]);
  const refused = await guest.json(2, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
  assert.equal(refused.at(-1)?.["code"], "MODEL_NOT_ALLOWED");
  const added = await one(guest, ["models", "add", link, "--name", "again"], 3);
  assert.equal(Object(added["error"]).code, "EGRESS_BLOCKED");
});

test(
  "sharing begins again with the gateway, keeps its key, and says so where its address is gone",
  { skip },
  async (t) => {
    const { host, guest, link, url, devices } = await createStage(t);
    await one(guest, ["models", "add", link, "--name", "desk"]);
    const before = await one(host, ["share", "status"]);
    await one(host, ["gateway", "restart"]);
    const after = await one(host, ["share", "status"]);
    assert.deepEqual([after["url"], after["pin"]], [url, before["pin"]]);
    await guest.json(0, ["chat", "--json", "--model", "desk/qwen3:8b", "hi"]);
    await one(host, ["gateway", "stop"]);

    const [a] = devices;
    const [program = "", ...args] = [...(a?.enter ?? []), "ip", "addr", "flush", "dev", "near"];
    assert.equal(spawnSync(program, args).status, 0);
    await one(host, ["gateway", "start"]);
    const lost = await one(host, ["share", "status"], 1);
    assert.match(String(lost["problem"]), /no such address/);
    const [doctor] = await host.json(1, ["doctor", "--json"]);
    assert.match(JSON.stringify(doctor), /SHARE_SILENT/);
    await one(host, ["share", "stop"]);
    await host.json(0, ["doctor", "--json"]);
  },
);
