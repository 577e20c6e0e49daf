/** The real gateway, as a person would have started it, and words with it. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import type { Mode } from "../../protocol/event.ts";
import { toTalker } from "./talker.ts";

/** Speaks HTTP to what listens at a Unix socket. */
export type Dial = (
  socket: string,
) => Promise<
  (request: {
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
    signal: AbortSignal;
  }) => Promise<{ status: number; body: AsyncIterable<Uint8Array> }>
>;

export type Answer = { status: number; text: string };

export interface Stage {
  readonly workspace: string;
  /** The gateway's, as whoever is in its namespace finds it. */
  readonly socketInside: string;
  /** Whether mode internet may be set for a control. */
  readonly canWiden: boolean;
  /** Asks it over its socket, as its owner. */
  ask(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<Answer>;
  /** One turn of the agent; `more` as in OpenAI's requests. */
  chat(content: string, more: object, signal: AbortSignal): Promise<Answer>;
  /** Chats, streams, has a file written and looks round; throws `PROVE_FAILED` where that does not work. */
  converse(signal: AbortSignal): Promise<void>;
  setMode(mode: Mode, signal: AbortSignal): Promise<void>;
  /** Asks for a model on the internet; returns what the gateway said. */
  askCloud(words: string, signal: AbortSignal): Promise<string>;
}

export type StageOptions = {
  programs: Pick<Programs, "start">;
  env: Readonly<Record<string, string>>;
  /** The words that start Isopod, with those before them that enter a namespace. */
  program: readonly string[];
  /** Its state folder, with the config, as it is found from here. */
  home: string;
  /** The same where it runs, if something is laid over it there. */
  homeInside?: string;
  workspace?: string;
  /** A model of the config that is on the internet. */
  cloud: string;
  canWiden: boolean;
  dial: Dial;
};

/** A first start on a slow disk has been seen to take ten seconds. */
const START_MS = 60_000;

/** A provider at an address of nobody's (RFC 5737), whose one model is "best". */
export const CLOUD = { baseUrl: "http://203.0.113.8/v1", models: { best: {} } };

/** Throws `PROVE_FAILED` where the gateway does not start. */
export async function startStage(options: StageOptions, signal: AbortSignal): Promise<Stage> {
  const { home, homeInside = home, canWiden } = options;
  await startGateway(options, homeInside, signal);
  const send = await options.dial(join(home, "gateway.sock"));
  const key = readFileSync(join(home, "admin.key"), "utf8").trim();
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const ask: Stage["ask"] = async (method, path, body, stop) => {
    const sent = body && { body: JSON.stringify(body) };
    const { status, body: bytes } = await send({ method, path, headers, signal: stop, ...sent });
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    return { status, text: Buffer.concat(chunks).toString() };
  };
  const chat: Stage["chat"] = (content, more, stop) =>
    ask("POST", "/v1/chat/completions", { messages: [{ role: "user", content }], ...more }, stop);
  const { workspace = join(home, "workspace") } = options;
  return {
    workspace,
    socketInside: join(homeInside, "gateway.sock"),
    canWiden,
    ask,
    chat,
    async converse(stop) {
      const look = (path: string) => ask("GET", path, undefined, stop);
      expect("a chat", await chat("hello", {}, stop), '"content":"');
      expect("a streamed chat", await chat("hello", { stream: true }, stop), "data: [DONE]");
      expect("a tool call", await chat("write 'buy milk' to shopping.txt", {}, stop), '"content"');
      if (!existsSync(join(workspace, "shopping.txt")))
        throw failed("a tool call", "no file was written");
      expect("the app", await look("/api/status"), '"version"');
      expect("the checks", await look("/api/doctor"), "findings");
      expect("the models", await look("/api/models"), "embedded/demo");
    },
    async setMode(mode, stop) {
      expect(`mode ${mode}`, await ask("PUT", "/api/mode", { mode }, stop), mode);
    },
    async askCloud(words, stop) {
      const { status, text } = await chat(words, { model: options.cloud }, stop);
      const [, code] = /"code":"(\w+)"/.exec(text) ?? [];
      return code ?? `status ${status}`;
    },
  };
}

async function startGateway(
  { programs, env, program }: StageOptions,
  home: string,
  signal: AbortSignal,
): Promise<void> {
  const [command = "", ...args] = [...program, "gateway", "run", "--json"];
  const gateway = toTalker(
    programs.start({
      command,
      args,
      purpose: "egress.prove",
      network: "none",
      env: { ...env, ISOPOD_HOME: home },
      endsWithUs: true,
      signal,
    }),
  );
  if (await gateway.hear((line) => line["ready"] === true, { ms: START_MS })) return;
  signal.throwIfAborted();
  const last = JSON.stringify(gateway.said.at(-1) ?? gateway.words());
  throw failed("the gateway did not start", last);
}

/** Throws `PROVE_FAILED` for an answer that is none, or lacks what it must have. */
function expect(what: string, { status, text }: Answer, has: string): void {
  if (status !== 200 || !text.includes(has)) throw failed(what, `${status} ${text.slice(0, 200)}`);
}

const failed = (what: string, detail: string) => new Fault("PROVE_FAILED", { what, detail });
