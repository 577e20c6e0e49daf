/** Composes the engine: where it lies, what starts it, and a provider for each place with GGUF files. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Clock } from "../../base/clock.ts";
import type { Programs } from "../../process/program.ts";
import type { Provider } from "../provider.ts";
import { settingsOf } from "../server.ts";
import type { ProviderSettings } from "../settings.ts";
import { createGgufProvider, type GgufDeps } from "./gguf-provider.ts";
import { createHost } from "./host.ts";
import { readInstalled } from "./installed.ts";

/** A provider for the id and its settings; without a path it is the models folder of the state. */
export type Gguf = (id: string, settings: ProviderSettings | undefined) => Provider;

export type GgufOptions = Pick<GgufDeps, "machine" | "newCallId" | "processors"> & {
  programs: Pick<Programs, "start">;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  /** The state folder: the engine is in `engine`, files are in `models`. */
  home: string;
  idleMs?: number;
};

/** Loading takes from seconds to a minute, so it stays through a pause, and not through a lunch. */
const IDLE_MS = 15 * 60_000;

export function createGguf(options: GgufOptions): { gguf: Gguf; unload(): Promise<void> } {
  const { programs, clock, env, home, idleMs = IDLE_MS } = options;
  const folder = join(home, "engine");
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  const host = createHost({
    programs,
    clock,
    idleMs,
    command: { command: process.execPath, args: [script, folder], env: passedOn(env, folder) },
  });
  const deps: GgufDeps = { ...options, host, installed: () => readInstalled(folder) };
  return {
    gguf: (id, settings) =>
      createGgufProvider(
        id,
        {
          path: settings?.path ?? join(home, "models"),
          threads: settings?.threads,
          gpuLayers: settings?.gpuLayers,
          contextOf: (model) =>
            settingsOf(settings, model)?.contextWindow ?? settings?.contextWindow,
        },
        deps,
      ),
    /** Ends what runs. May be called twice. */
    unload: () => host.unload(),
  };
}

/** What finds libraries and chooses graphics cards; keys and all else of ours stay here. */
const PASSED_ON = [
  "PATH",
  "LD_LIBRARY_PATH",
  "CUDA_VISIBLE_DEVICES",
  "CUDA_PATH",
  "GGML_VK_VISIBLE_DEVICES",
  "VK_ICD_FILENAMES",
];

const passedOn = (env: GgufOptions["env"], home: string) =>
  Object.fromEntries([
    ["HOME", home],
    ...PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  ]) as Record<string, string>; // each pair is of texts
