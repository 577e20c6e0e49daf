/**
 * The built-in demonstration model: two million parameters in this repository, run by an engine of our
 * own in a worker thread. It really calls tools, and it knows next to nothing: `demo-model/card.md`.
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { type Clock, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { Programs } from "../process/program.ts";
import { Damage } from "./embedded/damage.ts";
import type { Output } from "./embedded/engine.ts";
import type { Loss } from "./embedded/fit.ts";
import { readGguf } from "./embedded/gguf.ts";
import { toPrompt } from "./embedded/prompt.ts";
import { createSpeech } from "./embedded/speech.ts";
import { createThread } from "./embedded/thread.ts";
import { readWeights } from "./embedded/weights.ts";
import type { ChatEvent, Model, Provider } from "./provider.ts";

const PROVIDER = "embedded";
const MODEL = "demo";

/** Loading again takes a tenth of a second, so there is little reason to keep the weights for long. */
const IDLE_MS = 5 * 60_000;

export type EmbeddedOptions = {
  programs: Pick<Programs, "startWorker">;
  /** A GGUF file of ours, such as `demo-model/demo-q8_0.gguf`. */
  weights: URL | string;
  clock?: Clock;
  /** How long the worker outlives its last answer. */
  idleMs?: number;
  newCallId?: () => string;
};

export interface Embedded extends Provider {
  /** Loads the weights in the background, so that the first answer does not wait for them. */
  warm(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Reads nothing and starts nothing until it is asked. */
export function createEmbedded(options: EmbeddedOptions): Embedded {
  const { programs, clock = systemClock, idleMs = IDLE_MS } = options;
  const { newCallId = () => createId("call", clock.now()) } = options;
  const weights =
    typeof options.weights === "string" ? options.weights : fileURLToPath(options.weights);
  const thread = createThread({ programs, clock, weights, provider: PROVIDER, idleMs });

  return {
    id: PROVIDER,
    baseUrl: "embedded:",
    listModels: async () => [await describe(weights)],
    async *chat(request, signal) {
      if (request.model !== MODEL) {
        throw new Fault("MODEL_MISSING", {
          provider: PROVIDER,
          model: request.model,
          nearest: MODEL,
        });
      }
      signal.throwIfAborted();
      if (thread.state === "cold") yield { type: "progress", on: "model", text: LOADING };
      if (thread.state === "busy") yield { type: "progress", on: "queue", text: WAITING };
      const { maxTokens } = request;
      yield* toEvents(thread.run({ prompt: toPrompt(request), maxTokens }, signal), newCallId);
    },
    async warm(signal) {
      await Array.fromAsync(thread.run({}, signal));
    },
    close: () => thread.close(),
  };
}

async function* toEvents(
  outputs: AsyncIterable<Output>,
  newCallId: () => string,
): AsyncGenerator<ChatEvent> {
  const speech = createSpeech(newCallId);
  const calls: ChatEvent[] = [];
  let started: Extract<Output, { type: "started" }> | undefined;
  for await (const output of outputs) {
    if (output.type === "started") {
      started = output;
      if (output.dropped > 0) yield { type: "progress", text: droppedText(output) };
    }
    if (output.type === "text" || output.type === "mark") {
      for (const event of speech.hear(output)) {
        if (event.type === "tool-call") calls.push(event);
        else yield event;
      }
    }
    if (output.type !== "done") continue;
    yield* speech.end();
    if (started?.resultTokens) yield { type: "text", text: shownText(started.resultTokens) };
    yield* calls; // not before: an answer that is cut has no calls
    yield {
      type: "done",
      reason: calls.length > 0 ? "tool-calls" : output.reason === "length" ? "length" : "stop",
      usage: {
        inputTokens: started?.inputTokens ?? 0,
        outputTokens: output.outputTokens,
        cachedTokens: started?.cachedTokens ?? 0,
      },
    };
  }
}

const LOADING = "Loading the demonstration model";
const WAITING = "Waiting: the demonstration model gives another answer first";

const shownText = (tokens: number) =>
  `\n[The demonstration model was shown the first ${tokens} tokens only.]`;

const droppedText = ({ dropped }: Loss) =>
  `Left out the oldest ${dropped === 1 ? "message" : `${dropped} messages`}: they do not fit the demonstration model`;

async function describe(weights: string): Promise<Model> {
  try {
    const bytes = await readWeights(weights);
    const contextTokens = readGguf(bytes).integer("llama.context_length", 1, 1_048_576);
    return {
      id: MODEL,
      locality: "embedded",
      contextTokens,
      loadedContextTokens: contextTokens,
      loaded: true, // 2 MB that are always at hand
      sizeBytes: bytes.length,
      tools: true,
      vision: false,
      reasoning: false,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      demonstration: true,
      fitsItself: true,
    };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new Fault("MODEL_DAMAGED", { path: weights, detail: error.message }, { cause: error });
  }
}
