/**
 * Any GGUF file the user has, run by node-llama-cpp in a child of its own. The engine is an add-on
 * (`isopod models engine install`); without it the files are listed, and refused by name when asked.
 */

import { Fault } from "../../base/fault.ts";
import { nearest } from "../../base/nearest.ts";
import type { Machine } from "../../protocol/model-fit.ts";
import type { ChatEvent, ChatRequest, Model, Provider } from "../provider.ts";
import { knownCallIds, takeCallId } from "../replay.ts";
import { type GgufFile, listGgufFiles, readWeights } from "./files.ts";
import type { Host } from "./host.ts";
import type { Answer, Gpu, Load } from "./letters.ts";
import { createGgufKeeper } from "./gguf-keeper.ts";
import { planLoad } from "./plan.ts";
import { toLimit, toSampling } from "./sampling.ts";

export type GgufDeps = {
  host: Host;
  /** How the engine was installed; undefined where it was not. Looked at each time. */
  installed: () => { gpu: Gpu } | undefined;
  machine: (signal: AbortSignal) => Promise<Machine>;
  newCallId: () => string;
  /** Logical processors. */
  processors: number;
};

export type GgufSettings = {
  /** A file, or a folder with files. */
  path: string;
  threads?: number | undefined;
  gpuLayers?: number | undefined;
  contextOf: (model: string) => number | undefined;
};

/** One key for all of them: there is one engine, and one line before it. */
export const ENGINE_URL = "embedded:engine";

export function createGgufProvider(id: string, settings: GgufSettings, deps: GgufDeps): Provider {
  const { host, installed, newCallId } = deps;

  const plan = (file: GgufFile, gpu: Gpu, signal: AbortSignal) =>
    planFor({ id, file, gpu, settings, deps }, signal);

  async function describe(file: GgufFile, signal: AbortSignal): Promise<Model> {
    const model: Model = { id: file.id, locality: "embedded", vision: false };
    const engine = installed();
    if (!engine) model.missing = "its engine is not installed: `isopod models engine install`";
    try {
      const weights = readWeights(file);
      model.sizeBytes = weights.weightBytes;
      model.contextTokens = (await plan(file, engine?.gpu ?? "none", signal)).contextTokens;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      model.missing ??= error.message; // the list goes on; who asks for it is told the whole of it
    }
    const current = host.current;
    model.loaded = current?.load.path === file.path && current.loaded !== undefined;
    if (model.loaded && current?.loaded) {
      model.tools = current.loaded.tools;
      model.loadedContextTokens = current.loaded.contextTokens;
    }
    return model;
  }

  function find(model: string): GgufFile {
    const files = listGgufFiles(settings.path);
    const file = files.find((file) => file.id === model);
    if (file) return file;
    const near = nearest(
      model,
      files.map(({ id }) => id),
    );
    throw new Fault("MODEL_MISSING", { provider: id, model, ...(near && { nearest: near }) });
  }

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    signal.throwIfAborted();
    const file = find(request.model);
    const engine = installed();
    if (!engine) throw new Fault("MODEL_ENGINE_MISSING", { model: `${id}/${file.id}` });
    const load = await plan(file, engine.gpu, signal);
    if (host.current?.load.path !== file.path) {
      yield { type: "progress", on: "model", text: `Loading "${file.id}"` };
    }
    const { system, messages, tools, toolChoice, format, maxTokens, params = {} } = request;
    const order = {
      system,
      messages,
      tools,
      mayCall: toolChoice !== "none",
      format,
      maxTokens: toLimit(maxTokens, params),
      sampling: toSampling(params),
    };
    const answers = host.chat({ load, order, provider: id }, signal);
    yield* toEvents(answers, { usedIds: knownCallIds(messages), newCallId });
  }

  return {
    id,
    baseUrl: ENGINE_URL,
    listModels: (signal) =>
      Promise.all(listGgufFiles(settings.path).map((file) => describe(file, signal))),
    chat,
    keeper: createGgufKeeper({
      id,
      host,
      find,
      plan: (file, signal) => plan(file, installed()?.gpu ?? "none", signal),
      installed,
    }),
    close: () => host.unload(),
  };
}

type Wanted = { id: string; file: GgufFile; gpu: Gpu; settings: GgufSettings; deps: GgufDeps };

/** What the child is to load. Throws `MODEL_OUT_OF_MEMORY`, `MODEL_DAMAGED`. */
async function planFor(wanted: Wanted, signal: AbortSignal): Promise<Load> {
  const { id, file, gpu, settings, deps } = wanted;
  const weights = readWeights(file);
  const usable = withCard(await deps.machine(signal), gpu);
  const planned = planLoad(weights, { wished: settings.contextOf(file.id), machine: usable });
  if ("refusal" in planned) {
    throw new Fault("MODEL_OUT_OF_MEMORY", { provider: id, detail: planned.refusal });
  }
  const { gpuLayers } = settings;
  return {
    path: file.path,
    contextTokens: planned.contextTokens,
    gpu,
    // Two logical processors share what computes: more threads than cores only wait for each other.
    threads: settings.threads ?? Math.max(1, Math.floor(deps.processors / 2)),
    ...(gpuLayers !== undefined && { gpuLayers }),
  };
}

/** What the engine was installed for is what it computes with. */
const withCard = (machine: Machine, gpu: Gpu): Machine =>
  gpu === "none" ? { ...machine, usable: { ...machine.usable, gpuBytes: 0 } } : machine;

async function* toEvents(
  answers: AsyncIterable<Answer>,
  ids: { usedIds: Set<string>; newCallId: () => string },
): AsyncGenerator<ChatEvent> {
  let loadMs: number | undefined;
  for await (const answer of answers) {
    switch (answer.type) {
      case "loaded":
        loadMs = answer.tookMs;
        break;
      case "reading":
        yield { type: "progress", text: `reading ${answer.tokens} tokens` };
        break;
      case "text":
      case "reasoning":
        yield { type: answer.type, text: answer.text };
        break;
      case "call": {
        const { tool, argumentsJson } = answer;
        yield { type: "tool-call", call: { id: takeCallId("", ids), tool, argumentsJson } };
        break;
      }
      case "done": {
        const { reason, inputTokens, cachedTokens, outputTokens, promptMs, outputMs } = answer;
        const promptTokens = inputTokens - cachedTokens;
        yield {
          type: "done",
          reason,
          usage: { inputTokens, outputTokens, cachedTokens },
          timings: { promptMs, promptTokens, outputMs, ...(loadMs !== undefined && { loadMs }) },
        };
      }
    }
  }
}
