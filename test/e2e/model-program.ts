/** The fake model servers as programs of their own, on a port or behind a Unix socket. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { RecordedRequest, Script } from "../fakes/model-server.ts";
import { createClient, targetOf } from "./client.ts";

export interface ModelProgram {
  /** Without a path. */
  readonly url: string;
  /** host:port, as `OLLAMA_HOST` wants it. */
  readonly address: string;
  play(script: Script): Promise<void>;
  /** Everything that was asked, oldest first. */
  requests(): Promise<RecordedRequest[]>;
  /** The bodies of the chats. */
  chats(): Promise<Chat[]>;
  /** Ends it, as a server that crashes. */
  crash(): Promise<void>;
}

export type Chat = {
  model: string;
  messages: { role: string; content?: string | null }[];
  tools?: { function: { name: string } }[];
};

type Owner = { after(work: () => unknown): void };

/** With `enter` it runs in a namespace, where only those inside can ask it anything. */
export async function startModel(
  owner: Owner,
  dialect: "ollama" | "openai" | "responses" | "anthropic",
  script: Script = {},
  enter: readonly string[] = [],
): Promise<ModelProgram> {
  const folder = mkdtempSync(join(tmpdir(), "isopod-model-"));
  owner.after(() => rmSync(folder, { recursive: true }));
  const lines = join(folder, "script.json");
  writeFileSync(lines, JSON.stringify(script));
  const file = join(import.meta.dirname, `../fakes/${dialect}.ts`);
  const [program = "", ...args] = [...enter, process.execPath, file, "--script", lines];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const crash = () => {
    child.kill("SIGKILL");
    return ended;
  };
  owner.after(crash);
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url = (JSON.parse(line) as { url: string }).url;
    break;
  }
  const client = createClient(targetOf(url), "");
  const model: ModelProgram = {
    url,
    address: new URL(url).host,
    play: async (script) => void (await client.ask("POST", "/__script", { body: script })),
    requests: async () => JSON.parse((await client.get("/__requests")).text) as RecordedRequest[],
    chats: async () =>
      (await model.requests())
        .filter(({ path }) => path === "/api/chat" || path === "/v1/chat/completions")
        .map(({ body }) => JSON.parse(body) as Chat),
    crash,
  };
  return model;
}

/** Something that listens where a model server should: it says `words`, or nothing, ever. */
export async function startStranger(owner: Owner, words?: string): Promise<{ url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => words !== undefined && socket.end(words));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  owner.after(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` };
}

/** The same server behind a Unix socket. */
export async function behindSocket(owner: Owner, url: string, path: string): Promise<void> {
  const { hostname: host, port } = new URL(url);
  const server = createServer((socket) => {
    const onward = connect({ host, port: Number(port) });
    socket.on("error", () => onward.destroy()).pipe(onward);
    onward.on("error", () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  owner.after(() => server.close());
}
