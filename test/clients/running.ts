/** A whole gateway as a program of its own, before a fake Ollama that plays a script. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { FakeServer, Script } from "../fakes/model-server.ts";
import { startOllama } from "../fakes/ollama.ts";

export type Running = {
  /** With `/v1`. */
  baseUrl: string;
  key: string;
  home: string;
  /** `ollama/qwen3:8b` behind it. */
  ollama: FakeServer;
  play(script: Script): void;
  stop(): Promise<void>;
};

const LAUNCHER = join(import.meta.dirname, "../../bin/isopod.cjs");

/** What the fake Ollama makes of any two texts, and that it has a model for it. */
const EMBEDDINGS = {
  embeddings: [
    [0.25, -0.5, 1],
    [0.125, 2, -3],
  ],
  prompt_eval_count: 4,
};

const always: Script = {
  models: [{ name: "qwen3:8b" }, { name: "nomic-embed-text:latest", capabilities: ["embedding"] }],
  routes: { "/api/embed": EMBEDDINGS },
};

export async function startGateway(): Promise<Running> {
  const ollama = await startOllama(always);
  const home = mkdtempSync(join(tmpdir(), "isopod-clients-"));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const env = {
    PATH,
    HOME: home,
    ISOPOD_HOME: home,
    ISOPOD_GATEWAY_PORT: "0",
    OLLAMA_HOST: ollama.url,
  };
  const child = spawn(process.execPath, [LAUNCHER, "gateway", "run", "--json"], {
    cwd: home,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    createInterface(child.stdout).on("line", (line) => {
      if (line.startsWith('{"ready"')) resolve((JSON.parse(line) as { url: string }).url);
    });
  });
  return {
    baseUrl: `${url}/v1`,
    key: readFileSync(join(home, "admin.key"), "utf8").trim(),
    home,
    ollama,
    play: (script) => ollama.play({ ...always, ...script }),
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await ollama.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
