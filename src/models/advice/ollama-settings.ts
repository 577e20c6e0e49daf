/** What to change in the environment that an Ollama was started with. Pure. */

import { Fault } from "../../base/fault.ts";
import type { LoadedModel } from "../../protocol/model-keeping.ts";

export type OllamaSeen = {
  provider: string;
  /** Its own environment; undefined where it belongs to somebody else and cannot be read. */
  env: Readonly<Record<string, string>> | undefined;
  loaded: readonly LoadedModel[];
  /** The models of it that config gives work to, with their sizes where it tells. */
  named: readonly { ref: string; sizeBytes?: number | undefined }[];
  /** Whether config sends `keep_alive` with each request, which wins over the environment. */
  sendsKeepAlive: boolean;
  /** All memory that models could take, card and main memory together. */
  memoryBytes: number;
};

/** Shorter than a person thinks about an answer: then nearly every message loads the model anew. */
const SHORT_SECONDS = 60;

/** The most harmful first; nothing where nothing is to be changed. */
export function adviseOllama(seen: OllamaSeen): Fault[] {
  const { env = {} } = seen;
  return [keepAlive(seen, env), swaps(seen, env), parallel(seen, env), ...cache(seen, env)].flatMap(
    (advice) =>
      advice ? [new Fault("MODEL_OLLAMA_SETTING", { provider: seen.provider, ...advice })] : [],
  );
}

type Env = Readonly<Record<string, string>>;
type Advice = { setting: string; what: string; instead: string } | undefined;

const at = (env: Env, name: string) => env[name]?.trim().replaceAll(/^["']|["']$/g, "") ?? "";

function keepAlive({ sendsKeepAlive }: OllamaSeen, env: Env): Advice {
  const value = at(env, "OLLAMA_KEEP_ALIVE");
  const seconds = toSeconds(value);
  if (sendsKeepAlive || seconds === undefined || seconds < 0 || seconds >= SHORT_SECONDS)
    return undefined;
  return {
    setting: `OLLAMA_KEEP_ALIVE=${value}`,
    what: "the model leaves memory between two messages, and each waits for it to load",
    instead: "OLLAMA_KEEP_ALIVE=30m, or -1 for ever",
  };
}

function swaps({ named, memoryBytes }: OllamaSeen, env: Env): Advice {
  if (named.length < 2) return undefined;
  const refs = named.map(({ ref }) => `"${ref}"`).join(" and ");
  const what = `${refs} push each other out of memory, and each switch loads one anew`;
  if (at(env, "OLLAMA_MAX_LOADED_MODELS") === "1") {
    const instead = `OLLAMA_MAX_LOADED_MODELS=${named.length}, or give both kinds of work to one model,`;
    return { setting: "OLLAMA_MAX_LOADED_MODELS=1", what, instead };
  }
  const sizeBytes = named.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  if (sizeBytes <= memoryBytes) return undefined;
  const setting = `models of ${toGb(sizeBytes)} GB in ${toGb(memoryBytes)} GB of memory`;
  const instead = "OLLAMA_MAX_LOADED_MODELS=1 and give all work to one model in the config,";
  return { setting, what, instead };
}

/** Seen with 0.24: each request side by side has a cache of its own, of the whole num_ctx. */
function parallel({ loaded }: OllamaSeen, env: Env): Advice {
  const count = Number(at(env, "OLLAMA_NUM_PARALLEL"));
  const spilled = loaded.find(
    ({ gpuShare }) => gpuShare !== undefined && gpuShare > 0 && gpuShare < 1,
  );
  if (!(count > 1) || !spilled) return undefined;
  return {
    setting: `OLLAMA_NUM_PARALLEL=${count}`,
    what: `"${spilled.ref}" keeps ${count} caches, and does not fit onto the card with them`,
    instead: "OLLAMA_NUM_PARALLEL=1",
  };
}

function* cache({ loaded }: OllamaSeen, env: Env): Generator<Advice> {
  const type = at(env, "OLLAMA_KV_CACHE_TYPE").toLowerCase();
  const flash = at(env, "OLLAMA_FLASH_ATTENTION").toLowerCase();
  const setting = `OLLAMA_KV_CACHE_TYPE=${type}`;
  if (type !== "" && type !== "f16" && ["0", "false", "f"].includes(flash)) {
    yield {
      setting: `${setting} and OLLAMA_FLASH_ATTENTION=${flash}`,
      what: "without flash attention the cache stays at 16 bits, whatever is set",
      instead: "OLLAMA_FLASH_ATTENTION=1",
    };
  } else if (type.startsWith("q4")) {
    const what = "a cache of 4 bits costs small models their tool calls";
    yield { setting, what, instead: "OLLAMA_KV_CACHE_TYPE=q8_0" };
  } else if (type === "" || type === "f16") {
    const spilled = loaded.find(({ gpuShare = 1 }) => gpuShare > 0.7 && gpuShare < 1);
    if (!spilled) return;
    yield {
      setting: "a cache of 16 bits",
      what: `"${spilled.ref}" nearly fits onto the card, and half the cache might let it`,
      instead: "OLLAMA_FLASH_ATTENTION=1 and OLLAMA_KV_CACHE_TYPE=q8_0",
    };
  }
}

/** Go's durations and plain seconds, as Ollama reads them; undefined for what is neither. */
function toSeconds(value: string): number | undefined {
  if (/^-?\d+$/.test(value)) return Number(value);
  if (!/^-?(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3_600 };
  const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  const sum = Array.from(parts, ([, count, unit = "s"]) => Number(count) * (units[unit] ?? 1));
  const seconds = sum.reduce((all, part) => all + part, 0);
  return value.startsWith("-") ? -seconds : seconds;
}

const toGb = (bytes: number) => Math.round(bytes / 1e8) / 10;
