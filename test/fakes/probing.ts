/** A probe that measures nothing: what was ordered stands in `did`. */

import { Fault } from "../../src/base/fault.ts";
import type { Probing } from "../../src/models/probe/probing.ts";
import type { Scorecard } from "../../src/protocol/scorecard.ts";

export const CARD: Scorecard = {
  ref: "fake/model",
  server: "http://fake.test",
  digest: "sha256:x",
  measuredAt: 1,
  tookMs: 5,
  extent: "standard",
  mode: "native",
  why: "its own tool calls do all that is needed",
  checks: [{ id: "reachable", title: "Answers", result: "passed", detail: "it did" }],
  speed: { by: "server", promptTokensPerSecond: 900, outputTokensPerSecond: 31 },
};

/** "fake/gone" is refused at once, "fake/dies" in the middle, "fake/slow" goes on until it is stopped. */
export function createFakeProbing(did: string[]): Probing {
  return {
    async *run({ model = "fake/model" }, signal) {
      did.push(`probe ${model}`);
      if (model === "fake/gone") throw new Fault("MODEL_MISSING", { provider: "fake", model });
      yield { type: "progress", ref: model, done: 1, steps: 2, text: "waiting for its first word" };
      if (model === "fake/dies") throw new Fault("MODEL_STREAM_CUT", { provider: "fake" });
      if (model === "fake/slow") {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        did.push("stopped");
        signal.throwIfAborted();
      }
      yield { type: "scorecard", scorecard: { ...CARD, ref: model } };
      yield { type: "end", measured: 1, failed: 0 };
    },
  };
}
