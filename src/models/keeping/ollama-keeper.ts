/**
 * Ollama's models: docs/api.md of ollama/ollama.
 *
 * Unloading is a generate call with `keep_alive: 0`. `/api/delete`, which some guides take for it, deletes
 * the weights: only `remove` asks for that.
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { createLineReader } from "../../base/lines.ts";
import { createModelServer } from "../model-server.ts";
import { toParams } from "../ollama-request.ts";
import { ACT_TIMEOUT_MS, type Details, type Keeper, type KeeperOptions } from "./keeper.ts";
import type { Loaded, PullStep } from "./keeper.ts";
import { readShape } from "./shape.ts";

/** Of what a registry says went wrong; the rest would push the fix off the screen. */
const MAX_DETAIL = 400;
/** A model has some ten. */
const MAX_FILES = 1_000;
/** A line of a download says how far one file is. */
const MAX_LINE = 64 * 1024;

export function createOllamaKeeper(options: KeeperOptions): Keeper {
  const { id, loadTimeoutMs } = options;
  const server = createModelServer(options);

  async function* pull(
    { name, insecure }: { name: string; insecure: boolean },
    signal: AbortSignal,
  ) {
    const body = JSON.stringify({ model: name, insecure, stream: true });
    const names = () => Promise.resolve([]);
    const sent = { path: "/api/pull", body, model: name, names, purpose: "models.pull" };
    const bytes = await server.stream(sent, signal);
    const lines = createLineReader({ maxLength: MAX_LINE });
    const files = new Map<string, { done: number; total: number }>();
    let ended = false;
    try {
      for await (const chunk of bytes) {
        for (const line of lines.read(chunk)) {
          const step = readStep(line, { id, name });
          if (step.status === "success") ended = true;
          yield toProgress(step, files);
        }
      }
    } catch (error) {
      throw server.toReadFailure(error, signal);
    }
    if (!ended) throw new Fault("MODEL_PULL_FAILED", { provider: id, name, detail: "it was cut" });
  }

  return {
    canPull: () => Promise.resolve(true),
    pull,

    async loaded(signal) {
      const { models } = await server.read("/api/ps", Running, signal);
      return models.map(toLoaded);
    },

    async load({ model, contextTokens, params, embeds }, signal) {
      const given = { model, ...toParams({ contextTokens, params }) };
      // An empty prompt loads and says nothing.
      const [path, body] = embeds
        ? ["/api/embed", { ...given, input: "" }]
        : ["/api/generate", { ...given, stream: false }];
      const act = { path, body, purpose: "models.load", model, headTimeoutMs: loadTimeoutMs };
      await server.act(act, z.unknown(), signal);
    },

    async unload(model, signal) {
      const body = { model, keep_alive: 0, stream: false };
      const act = { path: "/api/generate", body, purpose: "models.unload", model };
      await server.act({ ...act, headTimeoutMs: ACT_TIMEOUT_MS }, z.unknown(), signal);
    },

    async show(model, signal) {
      const act = { path: "/api/show", body: { model }, purpose: "models.show", model };
      return toDetails(await server.act({ ...act, headTimeoutMs: ACT_TIMEOUT_MS }, Show, signal));
    },

    async remove(model, signal) {
      const act = { path: "/api/delete", method: "DELETE" as const, body: { model }, model };
      const sent = { ...act, purpose: "models.remove", headTimeoutMs: ACT_TIMEOUT_MS };
      await server.act(sent, z.unknown(), signal);
    },
  };
}

/** Ollama says a date some centuries ahead where it keeps a model for ever. */
const FOR_EVER_YEAR = 2200;

function toLoaded(entry: z.infer<typeof Running>["models"][number]): Loaded {
  const { name, context_length, size, size_vram, expires_at } = entry;
  const until = expires_at === undefined ? NaN : Date.parse(expires_at);
  const forEver = Number(expires_at?.slice(0, 4)) >= FOR_EVER_YEAR;
  return {
    model: name,
    state: "loaded",
    ...(context_length && { contextTokens: context_length }),
    ...(size !== undefined && { sizeBytes: size }),
    ...(size_vram !== undefined && { gpuBytes: size_vram }),
    ...(size && size_vram !== undefined && { gpuShare: Math.min(1, size_vram / size) }),
    ...(forEver ? { until: null } : !Number.isNaN(until) && { until }),
  };
}

function toDetails({ details, license, parameters, modified_at, model_info }: Show): Details {
  const modifiedAt = Date.parse(modified_at ?? "");
  const shape = readShape(model_info ?? {});
  return {
    ...(details?.family && { family: details.family }),
    ...(details?.parameter_size && { parameters: details.parameter_size }),
    ...(details?.quantization_level && { quantisation: details.quantization_level }),
    ...(details?.format && { format: details.format }),
    ...(license && { license: firstLine(license) }),
    ...(parameters && { defaults: parameters }),
    ...(!Number.isNaN(modifiedAt) && { modifiedAt }),
    ...(shape && { shape }),
  };
}

const firstLine = (text: string) => text.trim().split("\n")[0]?.trim() ?? "";

type Step = z.infer<typeof Step>;

function readStep(line: string, { id, name }: { id: string; name: string }): Step {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new Fault("MODEL_GARBLED", { provider: id, detail: "a line is not JSON" }, { cause });
  }
  const step = Step.parse(value);
  if (step.error === undefined) return step;
  throw new Fault("MODEL_PULL_FAILED", { provider: id, name, detail: oneLine(step.error) });
}

const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\s]+/gu, " ").slice(0, MAX_DETAIL);

/** A model is several files; what counts for a person is all of them together. */
function toProgress(
  { status, digest, total, completed }: Step,
  files: Map<string, { done: number; total: number }>,
): PullStep {
  // A server that names files without end must not fill the memory.
  const isKnown = digest !== undefined && (files.has(digest) || files.size < MAX_FILES);
  if (isKnown && total !== undefined) {
    files.set(digest, { done: completed ?? files.get(digest)?.done ?? 0, total });
  }
  if (files.size === 0) return { text: status };
  const sum = { done: 0, total: 0 };
  for (const file of files.values()) {
    sum.done += file.done;
    sum.total += file.total;
  }
  const text = digest === undefined ? status : "downloading";
  return { text, doneBytes: sum.done, totalBytes: sum.total };
}

const Running = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1),
        size: z.number().nonnegative().optional(),
        size_vram: z.number().nonnegative().optional(),
        context_length: z.number().nonnegative().optional(),
        expires_at: z.string().optional(),
      }),
    )
    .nullish()
    .transform((list) => list ?? []),
});

const Show = z.object({
  license: z.string().optional(),
  parameters: z.string().optional(),
  modified_at: z.string().optional(),
  details: z
    .object({
      format: z.string().optional(),
      family: z.string().optional(),
      parameter_size: z.string().optional(),
      quantization_level: z.string().optional(),
    })
    .nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
});
type Show = z.infer<typeof Show>;

const Step = z.object({
  status: z.string().default(""),
  error: z.string().optional(),
  digest: z.string().optional(),
  total: z.number().nonnegative().optional(),
  completed: z.number().nonnegative().optional(),
});
