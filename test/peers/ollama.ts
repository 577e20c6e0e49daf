/**
 * Ollama 0.24.0, the last release whose engine is compiled in. Built from Go's module archive by
 * `build-ollama.sh`; one that stands elsewhere is named by OLLAMA, or found at /opt/ollama/ollama.
 */

import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Folders } from "./folders.ts";
import { MODEL, WEIGHTS } from "./demonstration.ts";
import type { Peer } from "./peer.ts";

const VERSION = "0.24.0";
const NAME = "ollama";

export const ollama: Peer = {
  name: NAME,
  title: "Ollama",
  brings: `Ollama ${VERSION}, compiled with Go 1.26 or newer: a quarter of an hour on two cores`,
  product: "ollama",
  expects: {
    context: "made for",
    saysTools: true,
    calls: "native",
    spelling: "compact",
    wrongName: "refused",
    replays: "as trained",
    counts: true,
    countsCache: false,
    overflow: "refused",
  },

  version(folders) {
    const note = folders.installed(NAME);
    return note ?? (existsSync(programOf(folders)) ? VERSION : undefined);
  },

  async install(folders, children, signal) {
    if (existsSync(programOf(folders))) return folders.note(NAME, VERSION);
    folders.forget(NAME);
    const script = join(import.meta.dirname, "build-ollama.sh");
    await children.run("sh", [script, folders.of(NAME)], { signal });
    folders.note(NAME, VERSION);
  },

  async start({ folders, children, port, scratch }, signal) {
    const program = programOf(folders);
    const url = `http://127.0.0.1:${port}`;
    const env = {
      ...process.env,
      HOME: scratch,
      OLLAMA_HOST: `127.0.0.1:${port}`,
      OLLAMA_MODELS: join(scratch, "models"),
      OLLAMA_NUM_PARALLEL: "1",
      OLLAMA_NOPRUNE: "1",
      // It asks ollama.com for updates and recommendations otherwise.
      OLLAMA_NO_CLOUD: "1",
    };
    await children.serve(program, ["serve"], { url: `${url}/api/version`, scratch, env, signal });
    copyFileSync(WEIGHTS, join(scratch, "demo-q8_0.gguf"));
    // One thread, because its threads spin while they wait: beside others' work that costs half a minute.
    const modelfile = readFileSync(join(dirname(WEIGHTS), "Modelfile"), "utf8");
    writeFileSync(join(scratch, "Modelfile"), `${modelfile}PARAMETER num_thread 1\n`);
    await children.run(program, ["create", MODEL, "-f", "Modelfile"], {
      cwd: scratch,
      env,
      signal,
    });
    return { baseUrl: url, model: `${MODEL}:latest`, provider: "ollama" };
  },
};

export function programOf(folders: Folders): string {
  const named = process.env["OLLAMA"];
  const system = "/opt/ollama/ollama";
  const own = join(folders.root, NAME, "ollama");
  if (named) return named;
  return !existsSync(own) && existsSync(system) ? system : own;
}
