/** An answer that is told bit by bit, as server-sent events. */

import type { Clock } from "../base/clock.ts";
import { type FaultReport, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";

/** Under the 30 s after which common proxies drop a silent connection. */
const HEARTBEAT_MS = 15_000;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  // nginx and its kin collect an answer before they pass it on, unless told not to.
  "x-accel-buffering": "no",
};

/** A reason of our own for timers that are not needed any more: making an AbortError costs 40 µs. */
const OVER = "over";

/**
 * Each value as one event. What is thrown before the first value is thrown here, so that it has a status;
 * what comes later is for the values to tell. A reader that hangs up ends the work (`return`).
 */
export async function streamValues(
  values: AsyncIterable<object>,
  clock: Pick<Clock, "sleep">,
): Promise<Response> {
  const iterator = values[Symbol.asyncIterator]();
  let next = Promise.resolve(await iterator.next());
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const result = await within(next, clock);
      if (result === undefined) return controller.enqueue(encode(":\n\n"));
      if (result.done) return controller.close();
      controller.enqueue(encode(`data: ${JSON.stringify(result.value)}\n\n`));
      next = iterator.next();
      next.catch(() => undefined); // told when it is this one's turn
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(stream, { headers: HEADERS });
}

/**
 * What fails at once keeps its status; what fails later becomes the last events. Throws on where the caller has
 * hung up: nobody is there to be told any more.
 */
export async function* told<Event>(
  events: AsyncIterable<Event>,
  failure: { what: string; toEvents: (report: FaultReport) => readonly Event[] },
  { log, signal }: { log: Pick<Log, "error">; signal: AbortSignal },
): AsyncGenerator<Event> {
  let begun = false;
  try {
    for await (const event of events) {
      begun = true;
      yield event;
    }
  } catch (error) {
    if (!begun || signal.aborted) throw error;
    const fault = toFault(error, (id, cause) => log.error({ id, err: cause }, failure.what));
    yield* failure.toEvents(fault.toJSON());
  }
}

/** Undefined when it is time for a sign of life. */
async function within<T>(next: Promise<T>, clock: Pick<Clock, "sleep">): Promise<T | undefined> {
  const settled = new AbortController();
  const beat = clock.sleep(HEARTBEAT_MS, settled.signal).catch(() => undefined); // ended below
  try {
    return await Promise.race([next, beat.then(() => undefined)]);
  } finally {
    settled.abort(OVER);
  }
}

const encode = (text: string) => new TextEncoder().encode(text);
