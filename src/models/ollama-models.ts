/** What an Ollama server says of its models: `/api/tags`, `/api/ps` and `/api/show`. */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import type { ModelServer } from "./model-server.ts";
import type { Model } from "./provider.ts";

/** Nobody has more on one machine; of those beyond, only what the listing itself tells is known. */
const MAX_SHOWN = 1_000;
/** As many as Ollama reads files for without others having to wait. */
const SHOWN_AT_ONCE = 32;

const keyOf = ({ name, digest = "" }: Tag) => `${name}@${digest}`;

export type OllamaListing = { list(signal: AbortSignal): Promise<Model[]> };

export function createOllamaListing(server: ModelServer): OllamaListing {
  /** By digest: the same weights say the same of themselves, and `show` reads a file. */
  const known = new Map<string, Show>();

  async function show(tag: Tag, signal: AbortSignal): Promise<Show | undefined> {
    const key = keyOf(tag);
    const before = tag.digest ? known.get(key) : undefined;
    if (before) return before;
    try {
      const answer = await server.read("/api/show", Show, signal, { model: tag.name });
      known.set(key, answer);
      return answer;
    } catch (error) {
      // One model that cannot be read (a damaged file) must not hide the others.
      if (error instanceof Fault && !signal.aborted) return undefined;
      throw error;
    }
  }

  /** A few at a time, and what was learnt of weights that are gone is dropped. */
  async function showAll(tags: readonly Tag[], signal: AbortSignal) {
    const shown: (Show | undefined)[] = [];
    for (let from = 0; from < tags.length; from += SHOWN_AT_ONCE) {
      const some = tags.slice(from, from + SHOWN_AT_ONCE);
      shown.push(...(await Promise.all(some.map((tag) => show(tag, signal)))));
    }
    const there = new Set(tags.map(keyOf));
    for (const key of known.keys()) if (!there.has(key)) known.delete(key);
    return shown;
  }

  return {
    async list(signal) {
      const [{ models }, loaded] = await Promise.all([
        server.read("/api/tags", Tags, signal),
        readLoaded(server, signal),
      ]);
      const shown = await showAll(models.slice(0, MAX_SHOWN), signal);
      return models.map((tag, at) => toModel(tag, shown[at], loaded.get(tag.name)));
    },
  };
}

async function readLoaded(server: ModelServer, signal: AbortSignal): Promise<Map<string, Loaded>> {
  try {
    const { models } = await server.read("/api/ps", Running, signal);
    return new Map(models.map((model) => [model.name, model]));
  } catch (error) {
    // Older servers and relays lack /api/ps; then nothing is known to be loaded.
    if (error instanceof Fault && error.code !== "MODEL_UNREACHABLE") return new Map();
    throw error;
  }
}

/** Pure. */
export function toModel(tag: Tag, show: Show | undefined, loaded: Loaded | undefined): Model {
  const capabilities = show?.capabilities;
  const max = contextLength(show?.model_info);
  const preferred = /^\s*num_ctx\s+(\d+)/m.exec(show?.parameters ?? "")?.[1];
  const cloud = isCloud(tag.name) || hasRemote(tag) || hasRemote(show);
  return {
    id: tag.name,
    locality: cloud ? "cloud" : "unknown",
    ...(max !== undefined && { contextTokens: max }),
    ...(loaded?.context_length && { loadedContextTokens: loaded.context_length }),
    ...(preferred && { preferredContextTokens: Number(preferred) }),
    ...(tag.size !== undefined && !cloud && { sizeBytes: tag.size }),
    ...(capabilities && {
      tools: capabilities.includes("tools"),
      vision: capabilities.includes("vision"),
      reasoning: capabilities.includes("thinking"),
      chat: capabilities.includes("completion"),
    }),
    loaded: loaded !== undefined,
    ...(tag.digest && { digest: tag.digest }),
  };
}

/** `gpt-oss:120b-cloud`, `kimi-k2:cloud`: inference at ollama.com behind a server on localhost. */
export const isCloud = (name: string) => /[:-]cloud$/i.test(name);

const hasRemote = (from: { remote_host?: unknown; remote_model?: unknown } | undefined) =>
  Boolean(from?.remote_host ?? from?.remote_model);

/** The key carries the architecture: `llama.context_length`, `qwen3.context_length`, … */
function contextLength(modelInfo: Record<string, unknown> | null | undefined): number | undefined {
  for (const [key, value] of Object.entries(modelInfo ?? {})) {
    if (key.endsWith(".context_length") && typeof value === "number" && value > 0) return value;
  }
  return undefined;
}

const Tag = z.object({
  name: z.string().min(1),
  size: z.number().nonnegative().optional(),
  digest: z.string().optional(),
  remote_host: z.string().optional(),
  remote_model: z.string().optional(),
});
type Tag = z.infer<typeof Tag>;
const Tags = z.object({
  models: z
    .array(Tag)
    .nullish()
    .transform((list) => list ?? []),
});

const Loaded = z.object({ name: z.string(), context_length: z.number().optional() });
type Loaded = z.infer<typeof Loaded>;
const Running = z.object({
  models: z
    .array(Loaded)
    .nullish()
    .transform((list) => list ?? []),
});

const Show = z.object({
  capabilities: z.array(z.string()).optional(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
  parameters: z.string().optional(),
  remote_host: z.string().optional(),
  remote_model: z.string().optional(),
});
type Show = z.infer<typeof Show>;
