/**
 * A conversation with tools on a real llama.cpp server with the demonstration model, through the whole gateway: how
 * many prompt tokens does the server evaluate twice? It counts them itself (`timings` of its answers).
 *
 *     node bench/cache.ts [--turns 20] [--context TOKENS]
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { createFolders, peersRoot } from "../test/peers/folders.ts";
import { createChildren } from "../test/peers/children.ts";
import { MODEL } from "../test/peers/demonstration.ts";
import { llamaServer, serveLlama } from "../test/peers/llama-server.ts";
import { freePort } from "../test/peers/ports.ts";
import { start } from "./machine.ts";
import { readKey, type Row, table } from "./report.ts";
import { startTee, type Timings } from "./tee.ts";

const launcher = join(import.meta.dirname, "../bin/isopod.cjs");
const TURNS = 20;

/** What the demonstration model was trained on: a call in three of four turns. */
const said = (turn: number) =>
  [`write note ${turn} to notes-${turn}.txt`, "list files", `read notes-${turn - 2}.txt`, "hello"][
    turn % 4
  ] ?? "hello";

export type CacheOptions = {
  turns?: number;
  /** Of the server; what the weights were made for without it. */
  contextTokens?: number | undefined;
};

/** llama.cpp gives no more than the weights were made for, unless it is told that they were made for more. */
const beyond = (tokens: number) =>
  `--ctx-size ${tokens} --override-kv llama.context_length=int:${tokens}`.split(" ");

/** Undefined where llama.cpp's server is not installed. */
export async function measureCache({ turns = TURNS, contextTokens }: CacheOptions = {}) {
  const folders = createFolders(peersRoot(process.env));
  if (llamaServer.version(folders) === undefined) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), "isopod-bench-cache-"));
  const children = createChildren();
  const port = await freePort();
  const context = contextTokens === undefined ? [] : beyond(contextTokens);
  const tee = await startTee(`http://127.0.0.1:${port}`);
  try {
    const { signal } = new AbortController();
    await serveLlama({ folders, children, scratch }, port, signal, context);
    await converseThrough(tee.url, turns);
    return toRows(tee.seen, turns);
  } finally {
    await tee.stop();
    await children.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function converseThrough(server: string, turns: number): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "isopod-bench-home-"));
  const config = {
    models: { mode: "replace", providers: { llamacpp: { baseUrl: `${server}/v1` } } },
    agents: { defaults: { model: { primary: `llamacpp/${MODEL}` } } },
  };
  writeFileSync(join(home, "isopod.json"), JSON.stringify(config));
  const { PATH } = process.env;
  const env = { PATH, HOME: home, ISOPOD_HOME: home, ISOPOD_GATEWAY_PORT: "0" };
  const gateway = await start(process.execPath, [launcher, "gateway", "run", "--json"], env);
  try {
    await converse(String(gateway.line["url"]), readKey(home), turns);
  } finally {
    await gateway.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function converse(url: string, key: string, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-isopod-session": "bench-cache",
      },
      body: JSON.stringify({
        model: "isopod/main",
        messages: [{ role: "user", content: said(turn) }],
      }),
    });
    if (!response.ok) throw new Error(`turn ${turn} failed: ${await response.text()}`);
  }
}

/**
 * Each request continues the one before: of that one's prompt, whatever the server did not find in its cache it has
 * evaluated again. What the model wrote is told apart: a server that writes a call anew as text may cut it into other
 * tokens, and then reads that answer once.
 */
export function rereadOf(seen: readonly Timings[]): { prompt: number; answers: number } {
  let before = { prompt: 0, answer: 0 };
  const twice = { prompt: 0, answers: 0 };
  for (const { prompt_n, cache_n, predicted_n } of seen) {
    twice.prompt += Math.max(0, before.prompt - cache_n);
    const answerHeld = Math.max(0, cache_n - before.prompt);
    twice.answers += Math.max(0, Math.min(before.answer, prompt_n) - answerHeld);
    before = { prompt: prompt_n + cache_n, answer: predicted_n };
  }
  return twice;
}

function toRows(seen: readonly Timings[], turns: number): Row[] {
  const sum = (count: (timings: Timings) => number) =>
    seen.reduce((all, one) => all + count(one), 0);
  const sent = sum(({ prompt_n, cache_n }) => prompt_n + cache_n);
  const evaluated = sum(({ prompt_n }) => prompt_n);
  const twice = rereadOf(seen);
  const what = `llama.cpp, ${turns} turns with tools: prompt tokens evaluated twice, %`;
  return [
    { what, is: (100 * twice.prompt) / sent, reach: 3 },
    { what: "  requests", is: seen.length },
    { what: "  prompt tokens sent", is: sent },
    { what: "  of them evaluated", is: evaluated },
    { what: "  evaluated twice", is: twice.prompt },
    { what: "  of answers, read once more", is: twice.answers },
  ];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { turns: { type: "string", default: `${TURNS}` }, context: { type: "string" } },
  });
  const { turns, context } = values;
  const contextTokens = context === undefined ? undefined : Number(context);
  const rows = await measureCache({ turns: Number(turns), contextTokens });
  if (rows) console.log(table(rows));
  else console.error("llama.cpp's server is not installed: npm run peers -- install llama-server");
}
