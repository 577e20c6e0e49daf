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
      if (thread.state === "cold") yield progress("Loading the demonstration model");
      if (thread.state === "busy")
        yield progress("Waiting for the demonstration model's other answer");
      const job = { prompt: toPrompt(request), maxTokens: request.maxTokens };
      yield* toEvents(thread.run(job, signal), newCallId);
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
  let started: Extract<Output, { type: "started" }> | undefined;
  let calls = 0;
  for await (const output of outputs) {
    switch (output.type) {
      case "started":
        started = output;
        if (output.dropped > 0) yield progress(droppedText(output));
        break;
      case "text":
      case "mark":
        for (const event of speech.hear(output)) {
          if (event.type === "tool-call") calls += 1;
          yield event;
        }
        break;
      case "done": {
        yield* speech.end();
        if (started?.resultTokens !== undefined) yield cutText(started.resultTokens);
        yield {
          type: "done",
          reason: calls > 0 ? "tool-calls" : output.reason === "length" ? "length" : "stop",
          usage: {
            inputTokens: started?.inputTokens ?? 0,
            outputTokens: output.outputTokens,
            cachedTokens: started?.cachedTokens ?? 0,
          },
        };
      }
    }
  }
}

const progress = (text: string): ChatEvent => ({ type: "progress", text });

const droppedText = ({ dropped }: Loss) =>
  `Left out the oldest ${dropped === 1 ? "message" : `${dropped} messages`}: they do not fit the demonstration model`;

/** In the answer itself: who reads it must know that the model has not seen it all. */
const cutText = (tokens: number): ChatEvent => ({
  type: "text",
  text: `\n[The demonstration model read only the first ${tokens} tokens of the result.]`,
});

async function describe(weights: string): Promise<Model> {
  try {
    const bytes = await readWeights(weights);
    const contextTokens = readGguf(bytes).integer("llama.context_length", 1, 1_048_576);
    return {
      id: MODEL,
      locality: "embedded",
      contextTokens,
      loadedContextTokens: contextTokens,
      sizeBytes: bytes.length,
      tools: true,
      vision: false,
      reasoning: false,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      demonstration: true,
    };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new Fault("MODEL_DAMAGED", { path: weights, detail: error.message }, { cause: error });
  }
}
