/** Ollama, where the bundle has models of it: installed code, on the restored store, without a way out. */

import { join } from "node:path";

import type { Programs } from "../../process/program.ts";
import { runProgram } from "../../process/run.ts";

/** Where it listens, and where the config looks for it unless it says otherwise. */
export const OLLAMA_HOST = "127.0.0.1:11434";
/** Its first start on a slow disk. */
const START_MS = 20_000;

const WAIT = join(import.meta.dirname, "wait.cjs");

/** Returns what keeps it from running, in a sentence; undefined where it runs. */
export async function serveOllama(
  {
    programs,
    enter,
    env,
    store,
  }: {
    programs: Pick<Programs, "start">;
    /** Words that run what follows in the machine of the drill. */
    enter: readonly string[];
    env: Readonly<Record<string, string>>;
    store: string;
  },
  signal: AbortSignal,
): Promise<string | undefined> {
  const own = { ...env, OLLAMA_MODELS: store, OLLAMA_HOST };
  const common = { purpose: "offline.drill", network: "none", env: own, signal } as const;
  const words = (...last: string[]) => {
    const [command = "", ...args] = [...enter, ...last];
    return { command, args };
  };
  const server = programs.start({ ...common, ...words("ollama", "serve"), endsWithUs: true });
  let said = "";
  const drained = (async () => {
    for await (const { bytes } of server.output)
      said = (said + Buffer.from(bytes).toString()).slice(-KEPT);
  })();
  const node = [process.execPath, WAIT, `http://${OLLAMA_HOST}/api/version`, `${START_MS}`];
  const answers = runProgram(programs, { ...common, ...words(...node) });
  const first = await Promise.race([answers, drained]);
  signal.throwIfAborted();
  if (first?.exitCode === 0) return undefined;
  const last = said.trim().split("\n").at(-1);
  return `\`ollama serve\` did not answer, so its models were not tried: ${last || "it said nothing"}`;
}

const KEPT = 2_000;
