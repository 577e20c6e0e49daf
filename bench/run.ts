/**
 * `npm run bench`: what the gateway costs, beside the model server without it, in one run.
 *
 * Prints one table: what was measured, the figure, what to reach, and what OpenClaw 2026.9.6 took on two
 * cores of the same class. Compare figures of one run only, and take them on a quiet machine.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { measureCache } from "./cache.ts";
import { createClient, type Target } from "./client.ts";
import { measureDocuments } from "./documents.ts";
import { cpuMs, residentMiB, start, time } from "./machine.ts";
import { MODEL } from "./model-name.ts";
import { readKey, table, type Row } from "./report.ts";
import { measureTurns } from "./turns.ts";

const { values: options } = parseArgs({
  options: { runs: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
});
const RUNS = Number(options.runs);
const root = join(import.meta.dirname, "..");
const launcher = join(root, "bin/isopod.cjs");

const home = mkdtempSync(join(tmpdir(), "isopod-bench-"));
const model = await start(process.execPath, [join(import.meta.dirname, "model.ts")], process.env);
const modelUrl = String(model.line["url"]);
const env = {
  PATH: process.env["PATH"],
  HOME: home,
  ISOPOD_HOME: home,
  ISOPOD_GATEWAY_PORT: "0",
  OLLAMA_HOST: modelUrl,
  OLLAMA_NUM_PARALLEL: "256", // this server answers as many as come, and the gateway must know
};
const gateway = () => start(process.execPath, [launcher, "gateway", "run", "--json"], env);

try {
  const rows = [
    ...(await measureStart()),
    ...(await measureChats()),
    ...(await measureDocuments()),
    ...(await measureReal()),
  ];
  if (options.json) console.log(JSON.stringify(rows));
  else console.log(table(rows));
} finally {
  await model.stop();
  rmSync(home, { recursive: true, force: true });
}

/** On a true server, where it is installed: the one above has no cache. */
async function measureReal(): Promise<Row[]> {
  const rows = await measureCache().catch(String); // the other figures are no worse for it
  if (Array.isArray(rows)) return rows;
  const why = rows ?? "npm run peers -- install llama-server";
  console.error(`not measured: prompt tokens that are evaluated twice (${why})`);
  return [];
}

async function measureStart(): Promise<Row[]> {
  const ready: number[] = [];
  const idle: number[] = [];
  const health: number[] = [];
  for (let i = 0; i <= RUNS; i++) {
    const running = await gateway();
    if (i > 0) ready.push(running.readyMs); // the first start makes the state and the compile cache
    if (i === RUNS) {
      await pause(10_000); // as long as `idle` means in the table
      idle.push(residentMiB(running.pid));
      for (let j = 0; j < RUNS; j++)
        health.push(await time(process.execPath, [launcher, "health"], env));
    }
    await running.stop();
  }
  const version: number[] = [];
  for (let i = 0; i < RUNS; i++)
    version.push(await time(process.execPath, [launcher, "--version"], env));
  return [
    { what: "ready after start, ms", is: median(ready), reach: 600, theirs: 10_500 },
    { what: "idle memory of all its processes, MiB", is: median(idle), reach: 120, theirs: 1_100 },
    { what: "isopod --version, ms", is: median(version), reach: 120, theirs: 86 },
    { what: "isopod health, ms", is: median(health), reach: 250, theirs: 1_600 },
  ];
}

async function measureChats(): Promise<Row[]> {
  const running = await gateway();
  try {
    const key = readKey(home);
    const messages = [{ role: "user", content: "hello" }];
    const direct: Target = {
      url: `${modelUrl}/api/chat`,
      headers: {},
      body: { model: MODEL, messages, stream: true },
    };
    const through: Target = {
      url: `${String(running.line["url"])}/v1/chat/completions`,
      headers: { authorization: `Bearer ${key}` },
      body: { model: "isopod/main", messages, stream: true },
    };
    await setPace({ tokens: 16, delayMs: 0 });
    const firstDirect = await firstTokens(direct);
    const firstThrough = await firstTokens(through);
    const promptTokens = await helloTokens();

    const routed: Target = {
      ...through,
      body: { model: `ollama/${MODEL}`, messages, stream: true },
    };
    const routedRows = await measureRouted({ direct, routed, pid: running.pid });

    await setPace({ tokens: 64, delayMs: 5 });
    const loadDirect = await load(direct, 32);
    const cpuBefore = cpuMs(running.pid);
    const loadThrough = await load(through, 32);
    const cpu = (cpuMs(running.pid) - cpuBefore) / loadThrough.chats;
    const turns = await measureTurns({ url: String(running.line["url"]), key, modelUrl });
    return [
      {
        what: "first token, over direct, ms",
        is: firstThrough - firstDirect,
        reach: 5,
        theirs: 202,
      },
      {
        what: "32 chats at once, % of direct",
        is: (100 * loadThrough.perSecond) / loadDirect.perSecond,
        reach: 85,
        theirs: 3.5,
        more: true,
      },
      { what: "  per second, direct", is: loadDirect.perSecond },
      { what: "  per second, through the gateway", is: loadThrough.perSecond },
      { what: "CPU for a chat of 64 tokens, ms", is: cpu, reach: 8, theirs: 300 },
      ...routedRows,
      {
        what: '"hello": prompt tokens (characters / 4)',
        is: promptTokens,
        reach: 2_700,
        theirs: 12_900,
      },
      {
        what: "20 turns with tools: prefix-stable requests, %",
        is: turns.stablePercent,
        reach: 100,
        more: true,
      },
    ];
  } finally {
    await running.stop();
  }
}

/** `provider/model`: no agent, the client's own prompt and tools, as other gateways pass them on. */
async function measureRouted({
  direct,
  routed,
  pid,
}: {
  direct: Target;
  routed: Target;
  pid: number;
}): Promise<Row[]> {
  await setPace({ tokens: 16, delayMs: 0 });
  const firstDirect = await firstTokens(direct);
  const firstRouted = await firstTokens(routed);
  await setPace({ tokens: 64, delayMs: 20 }); // 50 tokens a second each, as a server under load gives
  const loadDirect = await load(direct, 128);
  const cpuBefore = cpuMs(pid);
  const loadRouted = await load(routed, 128);
  const cpu = (cpuMs(pid) - cpuBefore) / loadRouted.chats;
  return [
    { what: "routed: first token, over direct, ms", is: firstRouted - firstDirect, reach: 2 },
    {
      what: "routed: 128 chats at once, % of direct",
      is: (100 * loadRouted.perSecond) / loadDirect.perSecond,
      reach: 85,
      more: true,
    },
    { what: "  per second, direct", is: loadDirect.perSecond },
    { what: "  per second, routed", is: loadRouted.perSecond },
    { what: "  CPU for a routed chat of 64 tokens, ms", is: cpu },
  ];
}

async function firstTokens(target: Target): Promise<number> {
  const client = createClient(1);
  const times: number[] = [];
  for (let i = 0; i < 23; i++) {
    const chat = await client.chat(target);
    if (!chat.ok) throw new Error(`a chat failed: ${JSON.stringify(chat)}`);
    if (i >= 3) times.push(chat.firstTokenMs); // three to warm up
  }
  client.close();
  return median(times);
}

async function load(target: Target, width: number): Promise<{ perSecond: number; chats: number }> {
  const client = createClient(width);
  const chats = width * 6;
  const expected = Array.from({ length: 64 }, (_, i) => `tok${i}`).join(" ");
  let left = chats;
  await Promise.all(Array.from({ length: width }, () => client.chat(target))); // warm-up
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) {
        const chat = await client.chat(target);
        if (chat.text !== expected)
          throw new Error(`a chat came out wrong: ${JSON.stringify(chat)}`);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  client.close();
  return { perSecond: chats / seconds, chats: chats + width };
}

async function helloTokens(): Promise<number> {
  const bodies = (await (await fetch(`${modelUrl}/bodies`)).json()) as string[];
  const body = JSON.parse(bodies.at(-1) ?? "{}") as {
    messages: { content: string }[];
    tools?: unknown;
  };
  const text =
    body.messages.map(({ content }) => content).join("") + JSON.stringify(body.tools ?? "");
  return Math.ceil(text.length / 4);
}

function setPace(pace: object): Promise<unknown> {
  return fetch(`${modelUrl}/pace`, { method: "POST", body: JSON.stringify(pace) });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
