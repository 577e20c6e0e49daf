/** A whole gateway in a process and a state folder of its own, asked through its public API. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { cpuMs } from "../../bench/machine.ts";
import type { AppEvent, Status, TurnEvent } from "../../src/protocol/event.ts";
import { type Client, createClient } from "../../test/e2e/client.ts";
import type { Call, Seen } from "./answer.ts";

export const SERVERS = ["ollama", "llama-server", "node-llama-cpp"] as const;

/** A model server that holds the demonstration model; without one the gateway's own engine answers. */
export type Peer = { server: (typeof SERVERS)[number]; url: string; model: string };

export type Turn = Seen & {
  failed?: string;
  /** Tokens that were read or written, less those that came from a cache. */
  tokens: number;
  /** From the message to the end, without the time that tools took. */
  seconds: number;
};

export interface EvaluatedGateway {
  readonly workspace: string;
  readonly status: Status;
  /** Says this in a new session, and waits for the turn's end. */
  ask(prompt: string): Promise<Turn>;
  /** Of the gateway's own process. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

/** A turn of the demonstration model takes two seconds; one that takes a minute goes in circles. */
const TURN_MS = 60_000;

export async function startGateway(peer?: Peer): Promise<EvaluatedGateway> {
  const home = mkdtempSync(join(tmpdir(), "isopod-evaluation-"));
  writeFileSync(join(home, "isopod.json"), JSON.stringify(configFor(peer)));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const child = spawn(process.execPath, [LAUNCHER, "gateway", "run", "--json"], {
    cwd: home,
    env: { PATH, HOME: home, ISOPOD_HOME: home, ISOPOD_GATEWAY_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const close = async () => {
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(child);
    const key = readFileSync(join(home, "admin.key"), "utf8").trim();
    const client = createClient({ socketPath: join(home, "gateway.sock") }, key);
    const status = JSON.parse((await client.get("/api/status")).text) as Status;
    return {
      workspace: status.workspace,
      status,
      ask: (prompt) => takeTurn(client, prompt),
      cpuSeconds: () => cpuMs(child.pid ?? 0) / 1000,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const LAUNCHER = join(import.meta.dirname, "../../bin/isopod.cjs");

/** "replace": what happens to listen on this machine must not answer instead. */
function configFor(peer: Peer | undefined) {
  // Questions to a person mean no, soon: nobody is there.
  const defaults = { approvalSeconds: 1 };
  if (!peer) return { models: { mode: "replace" }, agents: { defaults } };
  const { server, url, model } = peer;
  const base = url.replace(/\/+$/, "");
  const provider =
    server === "ollama"
      ? { api: "ollama", baseUrl: base }
      : { api: "openai-completions", baseUrl: base.endsWith("/v1") ? base : `${base}/v1` };
  return {
    models: {
      mode: "replace",
      providers: { peer: { ...provider, locality: "device", params: { temperature: 0 } } },
    },
    agents: { defaults: { ...defaults, model: { primary: `peer/${model}` } } },
  };
}

/** Its first line is that it is ready, or what keeps it from starting. */
async function untilReady(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error("The gateway has no output");
  const lines = createInterface({ input: child.stdout });
  const [line = "nothing"] = await Promise.race([once(lines, "line"), once(lines, "close")]);
  if (!String(line).startsWith('{"ready"')) throw new Error(`The gateway said ${line}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

async function takeTurn(client: Client, prompt: string): Promise<Turn> {
  const session = await client.newSession();
  const cursor = String((await client.get(`/api/sessions/${session}`)).json["cursor"]);
  const seen = createSeen();
  const began = performance.now();
  const stop = () => client.post(`/api/sessions/${session}/stop`).catch(() => {}); // it may be gone
  const timer = setTimeout(stop, TURN_MS);
  try {
    const { status, text } = await client.say(session, prompt);
    if (status !== 202) throw new Error(`The gateway answered ${status}: ${text}`);
    for await (const data of client.stream("GET", `/api/events?after=${cursor}`)) {
      const event = JSON.parse(data) as AppEvent; // of this very repository's gateway
      if (event.type !== "turn" || event.session !== session) continue;
      if (seen.hear(event.event, performance.now())) return seen.turn(performance.now() - began);
    }
    throw new Error("The gateway's events ended before the turn did");
  } finally {
    clearTimeout(timer);
    await client.ask("DELETE", `/api/sessions/${session}`);
  }
}

/** Gathers what the events of a turn say; `hear` is true at the last one. */
function createSeen() {
  const calls: (Call & { id: string; beganMs: number })[] = [];
  let [text, tokens, toolMs] = ["", 0, 0];
  let failed: string | undefined;
  return {
    hear(event: TurnEvent, nowMs: number): boolean {
      switch (event.type) {
        case "text":
          text += event.text;
          return false;
        case "tool-call":
          calls.push({ ...event, ok: false, output: "", beganMs: nowMs });
          return false;
        case "tool-result": {
          const call = calls.find(({ id }) => id === event.id);
          if (call) Object.assign(call, { ok: event.ok, output: event.output });
          toolMs += nowMs - (call?.beganMs ?? nowMs);
          return false;
        }
        case "usage":
          tokens += event.inputTokens + event.outputTokens - (event.cachedTokens ?? 0);
          return false;
        case "failed":
          failed = event.code;
          return true;
        default:
          return event.type === "done";
      }
    },
    turn: (tookMs: number): Turn => ({
      text,
      calls: calls.map(({ tool, input, ok, output }) => ({ tool, input, ok, output })),
      tokens,
      seconds: (tookMs - toolMs) / 1000,
      ...(failed !== undefined && { failed }),
    }),
  };
}
