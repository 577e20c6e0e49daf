/** The internet goes down and comes back, in a network of our own: real interfaces, real routes, real processes. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";

import type { Loose } from "./client.ts";
import { createMachine, type Gateway } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { namespacesMissing } from "./needs.ts";
import { type Cable, watchCable } from "./network-namespace.ts";

const skip = namespacesMissing;
/** Nobody's addresses (RFC 5737): in the namespace, the far end has them. */
const CLOUD = "203.0.113.8:8080";
const WALLED = "203.0.113.9:9090";
/** A connection that is not taken up costs so long (`src/network/place.ts`). */
const CONNECT_TIMEOUT_MS = 10_000;
const LINKS = ["no-link", "local", "unknown", "online", "degraded", "portal"];

type Owner = Parameters<typeof watchCable>[0];

/** A machine with a model of its own and one in the cloud, which is asked first. */
async function create(t: Owner, primary = "cloud/best") {
  const own = createMachine(t);
  const cable = await watchCable(t, own.path("resolv.conf"));
  const cloud = await startModel(t, "openai", says("from the cloud"), cable.world.enter);
  await serveWorld(t, cable, Number(new URL(cloud.url).port));
  const local = await startModel(t, "ollama", says("from this machine"), cable.enter);
  const machine = createMachine(t, {
    enter: cable.enter,
    config: {
      models: {
        mode: "replace",
        providers: {
          cloud: { api: "openai-completions", baseUrl: `http://${CLOUD}/v1`, models: { best: {} } },
          walled: { api: "openai-completions", baseUrl: `http://${WALLED}/v1`, models: { b: {} } },
          ollama: { api: "ollama", baseUrl: local.url },
        },
      },
      agents: {
        defaults: { model: { primary, fallbacks: ["ollama/qwen3:8b"] } },
      },
    },
  });
  await machine.json(0, ["mode", "set", "internet", "--json"]);
  const gateway = await machine.gateway();
  return { cable, machine, gateway, local };
}

/** One turn in a session of its own, and what became of it. */
async function chat({ client }: Gateway, text: string): Promise<{ said: string; notes: string }> {
  const session = await client.newSession();
  const { json } = await client.get(`/api/sessions/${session}`);
  await client.say(session, text);
  const isOver = (event: Loose) => /^(done|failed)$/.test(String(event["event"]?.["type"]));
  const seen = (await client.until(String(json["cursor"]), isOver)).map((each) => each["event"]);
  const ofType = (type: string) => seen.filter((each) => String(each?.["type"]) === type);
  const said = ofType("text").map((each) => String(each?.["text"]));
  return { said: said.join(""), notes: JSON.stringify(ofType("note")) };
}

/** Why a person cannot pick this model now. */
const refusalOf = async ({ client }: Gateway, model: string) =>
  (await client.ask("POST", "/api/sessions", { body: { model } })).json["error"]?.["code"];

const says = (text: string) => ({ otherwise: [{ text }] });

/** Ends with the first status that has this link; such an event is what the app's banner shows. */
const told = async (gateway: Gateway, ...states: string[]): Promise<Loose> => {
  const stateOf = (event: Loose) => String(event["status"]?.["link"]?.["state"]);
  const seen = await gateway.client.until("", (event) => states.includes(stateOf(event)));
  return seen.at(-1)?.["status"]?.["link"] ?? {};
};

const linkOf = async (gateway: Gateway) => {
  const link = (await gateway.client.get("/api/status")).json["link"];
  assert.ok(LINKS.includes(String(link?.["state"])));
  return link ?? {};
};

test(
  "the cable goes out and in: the cloud is skipped at once, the own model answers and is told, recovery comes by itself",
  { skip },
  async (t) => {
    const { cable, gateway, local } = await create(t);
    assert.equal((await chat(gateway, "hello")).said, "from the cloud");
    assert.equal((await linkOf(gateway))["state"], "online");

    const out = told(gateway, "no-link");
    cable.pull();
    assert.equal((await out)["reason"], "no interface is up");
    const from = performance.now();
    const alone = await chat(gateway, "are you there?");
    assert.equal(alone.said, "from this machine");
    const tookMs = performance.now() - from;
    assert.ok(
      tookMs < CONNECT_TIMEOUT_MS,
      `nobody waited for a time-out: ${Math.round(tookMs)} ms`,
    );
    assert.match(lastPrompt(cable, local.url), /Link: no network is connected; work with/);
    assert.match(alone.notes, /MODEL_LINK_DOWN|no network is connected/);
    assert.equal(await refusalOf(gateway, "cloud/best"), "MODEL_LINK_DOWN");
    const shown = await gateway.client.get("/api/mode");
    assert.match(shown.text, /"by":"link","text":"no network is connected \(no interface/);
    const doctor = await gateway.client.get("/api/doctor");
    assert.match(doctor.text, /"code":"network.link".*?"state":"warning"/);

    const back = told(gateway, "unknown", "online");
    cable.plug();
    await back;
    const again = await chat(gateway, "and now?");
    assert.equal(again.said, "from the cloud", "without anybody doing anything");
    assert.equal((await linkOf(gateway))["state"], "online");
    await gateway.stop();
  },
);

test(
  "the router has no way out: only the cloud is masked, and a person's check brings it back at once",
  { skip },
  async (t) => {
    const { cable, machine, gateway } = await create(t);
    const [before] = await machine.json(0, ["mode", "check", "--json"]);
    assert.equal(before?.["host"], CLOUD);
    assert.equal((await linkOf(gateway))["state"], "online");
    const out = told(gateway, "local");
    cable.strand();
    assert.equal((await out)["reason"], "no default route");
    assert.equal((await chat(gateway, "hello")).said, "from this machine");
    const [failed] = await machine.json(1, ["mode", "check", "--json"]);
    assert.match(JSON.stringify(failed), /"step":"tcp","state":"failed"/);
    cable.lead();
    const [check] = await machine.json(0, ["mode", "check", CLOUD, "--json"]);
    assert.equal(check?.["ok"], true);
    assert.equal((await linkOf(gateway))["state"], "online");
    assert.equal((await chat(gateway, "hello")).said, "from the cloud");
    const refused = await machine.isopod(["mode", "check", "203.0.113.99"]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /EGRESS_BLOCKED.*no setting names it/);
    await gateway.stop();
  },
);

test(
  "security: behind a sign-in page nothing more is sent to the cloud, and a control before it was",
  { skip },
  async (t) => {
    const { cable, gateway } = await create(t, "walled/b");
    const checked = await gateway.client.post("/api/mode/check", { host: WALLED });
    assert.match(checked.text, /"step":"http","state":"failed","detail":"something leads from/);
    const link = await linkOf(gateway);
    assert.equal(link["state"], "portal");
    assert.match(String(link["reason"]), /leads from 203\.0\.113\.9 to sign-in\.portal\.example/);
    const before = cable.arrived();
    assert.ok(before.connections > 0, "the control: what was sent before is seen");
    assert.equal((await chat(gateway, "my secret")).said, "from this machine");
    assert.equal(await refusalOf(gateway, "cloud/best"), "MODEL_LINK_DOWN");
    assert.equal(cable.arrived().connections, before.connections, "nothing left");
    await gateway.stop();
  },
);

/** What the model of this machine was sent last; only inside the namespace it can be asked. */
function lastPrompt({ enter }: Cable, url: string): string {
  const ask = `fetch("${url}/__requests").then((answer) => answer.json()).then((all) =>
    console.log(all.filter(({ path }) => path === "/api/chat").at(-1).body))`;
  const [program = "", ...args] = [...enter, process.execPath, "-e", ask];
  return spawnSync(program, args, { encoding: "utf8" }).stdout;
}

/** At the far end: the cloud's server on one port of every address, and a sign-in page on another. */
async function serveWorld(t: Owner, { world }: Cable, port: number): Promise<void> {
  const script = `
    const net = require("node:net");
    const relay = net.createServer((socket) => {
      const onward = net.connect(${port}, "127.0.0.1");
      socket.on("error", () => onward.destroy()).pipe(onward);
      onward.on("error", () => socket.destroy()).pipe(socket);
    });
    const portal = require("node:http").createServer((request, response) =>
      response.writeHead(302, { location: "http://sign-in.portal.example/" }).end());
    relay.listen(8080, "0.0.0.0", () => portal.listen(9090, "0.0.0.0", () => console.log("ready")));
  `;
  const [program = "", ...args] = world.enter;
  const child = spawn(program, [...args, process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  t.after(() => {
    child.kill("SIGKILL");
    return ended;
  });
  for await (const line of createInterface({ input: child.stdout })) if (line === "ready") break;
}
