import type { Clock } from "../../base/clock.ts";
import { Fault, toFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { createOutlet, type Outlet } from "../../base/outlet.ts";
import { faultAnswer, toFailure, type Failure } from "../answer.ts";
import type { StreamWriter } from "./sink.ts";
import type { Source } from "./sources.ts";

export type ChatStreamOptions = {
  source: Source;
  /** How the answer is written. */
  open: (to: StreamOutlet) => StreamWriter;
  /** Called at the first piece of the answer. */
  began: () => void;
  clock: Clock;
  log: Log;
};

/** Where a writer writes to. */
export type StreamOutlet = {
  outlet: Outlet;
  elapsedMs: () => number;
  /** To be called at the first piece. */
  began: () => void;
};

/**
 * A fault that comes so soon is still told by the status; after that the head goes out, because clients
 * and proxies give up on a server that says nothing while a model reads a long prompt.
 */
const HEAD_WAIT_MS = 10_000;
/** Under the 30 s after which common proxies drop a silent connection. */
const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for so long has gone; the model is wanted elsewhere. */
const STALLED_MS = 60_000;

/** A reason of our own for timers that end with each chat: making an AbortError costs 40 µs. */
const OVER = "over";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  // nginx and its kin collect an answer before they pass it on, unless told not to.
  "x-accel-buffering": "no",
};

/** Streams an answer. The signal aborts when the client hangs up or its key is revoked. */
export async function streamChat(
  options: ChatStreamOptions,
  signal: AbortSignal,
): Promise<Response> {
  const { source, clock, log } = options;
  const over = new AbortController();
  const stop = () => over.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();

  const begun = Promise.withResolvers<void>();
  const elapsedMs = () => clock.elapsedMs();
  const outlet = createOutlet({ elapsedMs, onGone: () => over.abort() });
  const writer = options.open({
    outlet,
    elapsedMs,
    began: () => {
      options.began();
      begun.resolve();
    },
  });
  const answer = source(writer, over.signal)
    .catch((error: unknown) => failureOf(error, over.signal, log))
    .finally(() => signal.removeEventListener("abort", stop));

  const early = await firstOf(answer, begun.promise, clock);
  if (early) return faultAnswer(early, "openai");
  finish({ answer, writer, outlet, over, clock });
  return new Response(outlet.stream, { headers: HEADERS });
}

/** What failed before anything was said; undefined once there is something to send, or to wait for. */
async function firstOf(
  answer: Promise<Failure | undefined>,
  begun: Promise<void>,
  clock: Clock,
): Promise<Failure | undefined> {
  const waited = new AbortController();
  const patience = clock.sleep(HEAD_WAIT_MS, waited.signal).catch(() => {
    // Something came before the wait was over.
  });
  const first = await Promise.race([answer, begun, patience]);
  waited.abort(OVER);
  return first ?? undefined;
}

function finish(stream: {
  answer: Promise<Failure | undefined>;
  writer: StreamWriter;
  outlet: Outlet;
  over: AbortController;
  clock: Clock;
}): void {
  const { answer, writer, outlet, over, clock } = stream;
  const ended = new AbortController();
  void answer.then((failure) => {
    ended.abort(OVER);
    if (failure) writer.fail(failure);
    outlet.close();
  });
  const beat = async () => {
    while (outlet.stalledMs() < STALLED_MS) {
      await clock.sleep(HEARTBEAT_MS, ended.signal);
      writer.beat();
    }
    over.abort(new Fault("STREAM_STALLED", { seconds: STALLED_MS / 1000 }));
  };
  beat().catch(() => {
    // Only the sleep rejects, and only because the answer is over.
  });
}

/** A hang-up is no failure of ours: it is told to whoever still listens and not logged. */
function failureOf(error: unknown, signal: AbortSignal, log: Log): Failure {
  if (error instanceof Fault) return error;
  if (signal.aborted) return new Fault("TURN_STOPPED", {}, { cause: error });
  return toFailure(toFault(error, (id, cause) => log.error({ id, err: cause }, "a chat failed")));
}
