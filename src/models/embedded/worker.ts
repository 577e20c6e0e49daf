/** The thread that computes. Whatever is no `Damage` ends it: those who wait are told, and a new one starts. */

import { parentPort } from "node:worker_threads";

import { Damage } from "./damage.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { AnswerLetter, JobLetter } from "./letters.ts";
import { readWeights } from "./weights.ts";

let engine: Engine | undefined;
let turn: Promise<void> = Promise.resolve();

parentPort?.on("message", (job: JobLetter) => {
  turn = turn.then(() => run(job)); // a rejection is not caught: it ends the thread
});

async function run({ id, weights, prompt, maxTokens, stop }: JobLetter): Promise<void> {
  const send = (output: AnswerLetter["output"]) =>
    parentPort?.postMessage({ id, output } satisfies AnswerLetter);
  try {
    engine ??= createEngine(await readWeights(weights));
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return send({ type: "damaged", detail: error.message });
  }
  if (!prompt) return send({ type: "done", reason: "stop", outputTokens: 0 });
  const flag = new Int32Array(stop);
  engine.answer({ prompt, maxTokens, isStopped: () => Atomics.load(flag, 0) !== 0 }, send);
}
