/** The real gateway inside the watched namespace, as a person would have started it, and words with it. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

export interface Stage {
  readonly workspace: string;
  readonly socket: string;
  /** Chats, streams, has a file written and looks round; throws `PROVE_FAILED` where that does not work. */
  converse(signal: AbortSignal): Promise<void>;
  setMode(mode: Mode, signal: AbortSignal): Promise<void>;
  /** Asks for a model on the internet; returns what the gateway said. */
  askCloud(words: string, signal: AbortSignal): Promise<string>;
}

export type StageOptions = {
  programs: Pick<Programs, "start">;
  env: Readonly<Record<string, string>>;
  folder: string;
  enter: readonly string[];
  launcher: string;
  dial: Dial;
};

/** A first start on a slow disk has been seen to take ten seconds. */
const START_MS = 60_000;

/** Names a model on the internet, which no mode but `internet` may reach. */
const CONFIG = {
  models: { providers: { cloud: { baseUrl: "http://203.0.113.8/v1", models: { best: {} } } } },
  agents: { defaults: { model: { primary: "embedded/demo" } } },
};

export async function startStage(options: StageOptions, signal: AbortSignal): Promise<Stage> {
  const { programs, env, folder, enter, launcher, dial } = options;
  const home = join(folder, "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "isopod.json"), JSON.stringify(CONFIG));
  const [command = "", ...args] = [
    ...enter,
    process.execPath,
    launcher,
    "gateway",
    "run",
    "--json",
  ];
  const gateway = toTalker(
    programs.start({
      command,
      args,
      purpose: "egress.prove",
      network: "none",
      env: { ...env, HOME: folder, ISOPOD_HOME: home },
      endsWithUs: true,
      signal,
    }),
  );
  if (!(await gateway.hear((line) => line["ready"] === true, { ms: START_MS }))) {
    throw failed(
      "the gateway did not start",
      JSON.stringify(gateway.said.at(-1) ?? gateway.words()),
    );
  }
  const socket = join(home, "gateway.sock");
  const send = await dial(socket);
  const key = readFileSync(join(home, "admin.key"), "utf8").trim();
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const request = { method, path, headers, signal, ...(body && { body: JSON.stringify(body) }) };
    const { status, body: bytes } = await send(request);
    let text = "";
    for await (const chunk of bytes) text += Buffer.from(chunk).toString();
    return { status, text };
  };
  const chat = (content: string, more: object = {}) =>
    ask("POST", "/v1/chat/completions", { messages: [{ role: "user", content }], ...more });
  const workspace = join(home, "workspace");
  return {
    workspace,
    socket,
    async converse() {
      expect("a chat", await chat("hello"), '"content":"');
      expect("a streamed chat", await chat("hello", { stream: true }), "data: [DONE]");
      expect("a tool call", await chat("write hello to proof.txt"), '"content"');
      if (!existsSync(join(workspace, "proof.txt")))
        throw failed("a tool call", "no file was written");
      expect("the app", await ask("GET", "/api/status"), '"version"');
      expect("the checks", await ask("GET", "/api/doctor"), "findings");
      expect("the models", await ask("GET", "/api/models"), "embedded/demo");
    },
    async setMode(mode) {
      expect(`mode ${mode}`, await ask("PUT", "/api/mode", { mode }), mode);
    },
    async askCloud(words) {
      const { status, text } = await chat(words, { model: "cloud/best" });
      const [, code] = /"code":"(\w+)"/.exec(text) ?? [];
      return code ?? `status ${status}`;
    },
  };
}

function expect(
  what: string,
  { status, text }: { status: number; text: string },
  has: string,
): void {
  if (status !== 200 || !text.includes(has)) throw failed(what, `${status} ${text.slice(0, 200)}`);
}

const failed = (what: string, detail: string) => new Fault("PROVE_FAILED", { what, detail });
