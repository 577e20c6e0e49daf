/**
 * Our end of the worker: starts it at the first job, gives it one job after another, and ends it when
 * nothing was asked for a while, so that an idle gateway does not carry the weights.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import type { Output } from "./engine.ts";
import type { AnswerLetter, JobLetter } from "./letters.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import type { Prompt } from "./prompt.ts";

export interface Thread {
  /** Whether the next job has to load the weights first, or to wait for others. */
  readonly state: "cold" | "ready" | "busy";
  /**
   * The outputs of one prompt up to `done`; none for no prompt, which only loads the weights. Throws
   * `MODEL_DAMAGED`, `MODEL_CONTEXT_EXCEEDED`, `MODEL_STREAM_CUT` when the worker dies, and the signal's
   * reason at once: the worker hears of it within a layer and goes on with the next job.
   */
  run(
    job: { prompt?: Prompt; maxTokens?: number | undefined },
    signal: AbortSignal,
  ): AsyncIterable<Output>;
  /** Ends the worker. May be called twice; a later job starts a new one. */
  close(): Promise<void>;
}

type Worker = ReturnType<Programs["startWorker"]>;

export type ThreadDeps = {
  programs: Pick<Programs, "startWorker">;
  clock: Clock;
  /** Path of the weights. */
  weights: string;
  provider: string;
  idleMs: number;
};

/** Objects only: weights, keys and values are typed arrays outside of it. */
const MAX_HEAP_MB = 96;

export function createThread({ programs, clock, weights, provider, idleMs }: ThreadDeps): Thread {
  const waiting = new Map<number, Mailbox<AnswerLetter["output"]>>();
  let worker: Worker | undefined;
  let idle = new AbortController();
  let lastId = 0;

  /** Forgets the worker; those who wait for it are told. */
  const lose = (lost: Worker | undefined, cause: Error) => {
    if (worker !== lost) return;
    worker = undefined;
    const fault = new Fault("MODEL_STREAM_CUT", { provider }, { cause });
    for (const mailbox of waiting.values()) mailbox.fail(fault);
  };

  const start = (): Worker => {
    const started = programs.startWorker({
      url: new URL("worker.ts", import.meta.url),
      purpose: "models.embedded",
      maxHeapMb: MAX_HEAP_MB,
    });
    started.on("message", ({ id, output }: AnswerLetter) => waiting.get(id)?.put(output));
    started.on("error", (error) => lose(started, toError(error)));
    started.on("exit", (code) => lose(started, new Error(`the worker ended with ${code}`)));
    return started;
  };

  const close = async () => {
    idle.abort();
    const last = worker;
    lose(last, new Error("the worker was closed"));
    await last?.terminate();
  };

  /** The worker does not keep the process alive while nobody waits for it. */
  const rest = () => {
    worker?.unref();
    idle = new AbortController();
    clock.sleep(idleMs, idle.signal).then(close, () => {}); // somebody asked again, or closed it
  };

  async function* run(
    { prompt, maxTokens }: { prompt?: Prompt; maxTokens?: number | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<Output> {
    signal.throwIfAborted();
    idle.abort();
    worker ??= start();
    worker.ref();
    const id = ++lastId;
    const stop = new SharedArrayBuffer(4);
    const mailbox = createMailbox<AnswerLetter["output"]>();
    const abort = () => mailbox.fail(signal.reason);
    waiting.set(id, mailbox);
    signal.addEventListener("abort", abort, { once: true });
    try {
      worker.postMessage({ id, weights, prompt, maxTokens, stop } satisfies JobLetter);
      for await (const output of mailbox) {
        if (output.type === "damaged") {
          throw new Fault("MODEL_DAMAGED", { path: weights, detail: output.detail });
        }
        if (output.type === "too-long") {
          const detail = `the last message alone is too long for its ${output.contextTokens} tokens`;
          throw new Fault("MODEL_CONTEXT_EXCEEDED", { provider, detail });
        }
        yield output;
        if (output.type === "done") return;
      }
    } finally {
      // Also when the reader goes away: nobody wants the rest of the answer.
      Atomics.store(new Int32Array(stop), 0, 1);
      signal.removeEventListener("abort", abort);
      waiting.delete(id);
      if (waiting.size === 0) rest();
    }
  }

  return {
    get state() {
      return !worker ? "cold" : waiting.size > 0 ? "busy" : "ready";
    },
    run,
    close,
  };
}

const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
