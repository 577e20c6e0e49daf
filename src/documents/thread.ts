/**
 * Our end of a thread that reads or searches: started at the first job, one job after another, ended when it
 * was idle for a while, and ended at once over a document that goes too far.
 */

import { abortable } from "../base/abortable.ts";
import type { Clock } from "../base/clock.ts";
import { Fault, ReportedFault } from "../base/fault.ts";
import type { Programs } from "../process/program.ts";
import type { AnswerLetter, Job, JobLetter, Progress, Results } from "./letters.ts";
import { createWatch } from "./watch.ts";

export interface Thread {
  /** Throws the job's fault, `ThreadLost`, or the signal's reason at once: the thread hears of it soon. */
  run<K extends Job["kind"]>(
    job: Extract<Job, { kind: K }>,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Results[K]>;
  /** May be called twice; a later job starts a new thread. */
  close(): Promise<void>;
}

/** The thread has ended in the middle of a job; `path` is the document that it was reading. */
export class ThreadLost extends Error {
  override readonly name = "ThreadLost";
  readonly path: string | undefined;
  readonly why: string;
  constructor(path: string | undefined, why: string) {
    super(why);
    this.path = path;
    this.why = why;
  }
}

export type ThreadDeps = {
  programs: Pick<Programs, "startWorker">;
  clock: Clock;
  database: string;
  /** What for, such as "documents.read"; stands in the ledger. */
  purpose: string;
  patienceMs?: number | undefined;
};

/** The longest documents take a tenth of it on a slow machine. */
const PATIENCE_MS = 30_000;
/** Objects only; what is unpacked lies outside of it. */
const MAX_HEAP_MB = 512;
/** To start it again takes a tenth of a second. */
const IDLE_MS = 5 * 60_000;

type Worker = ReturnType<Programs["startWorker"]>;
type Waiting = { answer: (letter: AnswerLetter) => void; lose: (lost: ThreadLost) => void };

export function createThread(deps: ThreadDeps): Thread {
  const { clock, database, patienceMs = PATIENCE_MS } = deps;
  const waiting = new Map<number, Waiting>();
  const closing = new AbortController();
  let worker: Worker | undefined;
  let idle = new AbortController();
  let lastId = 0;
  const memoryBytes = () => process.memoryUsage.rss();
  const onTooMuch = (why: string) => void end(why);
  const watch = createWatch({ clock, patienceMs, memoryBytes, onTooMuch }, closing.signal);

  const lose = (lost: Worker, why: string) => {
    if (worker !== lost) return;
    worker = undefined;
    const { path } = watch;
    watch.rests();
    for (const { lose } of waiting.values()) lose(new ThreadLost(path, why));
  };
  const hear = (letter: AnswerLetter) => {
    if (letter.type === "reading") watch.sees(letter.path);
    else watch.rests();
    waiting.get(letter.id)?.answer(letter);
  };
  const end = async (why: string) => {
    idle.abort();
    const last = worker;
    if (last) lose(last, why);
    await last?.terminate();
  };
  const rest = () => {
    worker?.unref();
    idle = new AbortController();
    clock.sleep(IDLE_MS, idle.signal).then(
      () => end("it was idle"),
      () => {}, // somebody asked again, or closed it
    );
  };

  return {
    async run(job, onProgress, signal) {
      signal.throwIfAborted();
      idle.abort();
      worker ??= start(deps, { hear, lose });
      worker.ref();
      const letter: JobLetter = { id: ++lastId, database, job, stop: new SharedArrayBuffer(4) };
      try {
        const answered = ask(letter, worker, { waiting, onProgress });
        // What it gives is that of its kind: the worker's `act` says so.
        return (await abortable(answered, signal)) as never;
      } finally {
        Atomics.store(new Int32Array(letter.stop), 0, 1);
        waiting.delete(letter.id);
        if (waiting.size === 0) rest();
      }
    },
    close() {
      closing.abort();
      return end("the gateway is stopping");
    },
  };
}

function start(
  { programs, purpose }: ThreadDeps,
  ears: { hear: (letter: AnswerLetter) => void; lose: (lost: Worker, why: string) => void },
): Worker {
  const url = new URL("worker.ts", import.meta.url);
  const started = programs.startWorker({ url, purpose, maxHeapMb: MAX_HEAP_MB });
  started.on("message", ears.hear);
  started.on("error", (error) => ears.lose(started, toWhy(error)));
  started.on("exit", (code) => ears.lose(started, `the program that reads it ended with ${code}`));
  return started;
}

function ask(
  letter: JobLetter,
  worker: Worker,
  { waiting, onProgress }: { waiting: Map<number, Waiting>; onProgress: (it: Progress) => void },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    waiting.set(letter.id, {
      lose: reject,
      answer(answer) {
        if (answer.type === "progress") onProgress(answer.progress);
        if (answer.type === "done") resolve(answer.result);
        if (answer.type === "failed") reject(new ReportedFault(answer.fault));
      },
    });
    worker.postMessage(letter);
  });
}

function toWhy(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "it takes too much memory to read";
  return `it ends the program that reads it (${error instanceof Error ? error.message : String(error)})`;
}

/** For whoever cannot go on without it. */
export const toFaultOf = (lost: ThreadLost) =>
  new Fault("DOCUMENTS_STOPPED", { detail: lost.why }, { cause: lost });
