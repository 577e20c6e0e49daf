/** What is known of each request of a session once it was answered, for the store and for who watches. */

import type { Clock } from "../../base/clock.ts";
import type { Candidate } from "../../models/candidate.ts";
import { readTokens } from "../../models/cost/books.ts";
import type { Counted } from "../../models/cost/price.ts";
import type { ChatEvent, ChatRequest } from "../../models/provider.ts";
import type { Usage } from "../../protocol/event.ts";
import type { Recorder } from "../recorder.ts";
import { detectCut, type Sent } from "./cut.ts";
import { createPrinter, type Print, type Printer } from "./print.ts";
import { toText } from "./print-text.ts";

/** Sessions whose last print is at hand; one that falls out writes a whole one next. */
const MAX_SESSIONS = 1_000;

/** Shared by all turns of an agent. */
export type Prints = {
  printer: Printer;
  /** The last print of each session. */
  last: Map<string, Print>;
  /** What was last sent of each session, to which model. */
  sent: Map<string, Sent & { ref: string }>;
};

export const createPrints = (): Prints => ({
  printer: createPrinter(),
  last: new Map(),
  sent: new Map(),
});

export type RequestLogDeps = {
  prints: Prints;
  clock: Clock;
  recorder: Pick<Recorder, "usage" | "epoch">;
  /** Empty for one that is kept nowhere. */
  session: string;
  /** What a request cost; undefined for a model without a price. */
  costOf: ((ref: string, usage: Counted) => number | undefined) | undefined;
};

type Cut = NonNullable<ReturnType<typeof detectCut>>;
type Done = Extract<ChatEvent, { type: "done" }>;

export interface RequestLog {
  /** Call it when the request goes out, and what it returns when it was answered. */
  begin(candidate: Candidate, request: ChatRequest): (end: Done) => Usage;
  /** What the server dropped of a prompt without a word; undefined where it dropped nothing. Once for each answer. */
  cut(candidate: Candidate, sent: Sent, bytesPerToken: number | undefined): Cut | undefined;
}

export function createRequestLog(deps: RequestLogDeps): RequestLog {
  const { prints, clock, recorder, session, costOf } = deps;
  return {
    begin({ ref, model, locality }, request) {
      const startedAt = clock.now();
      return ({ usage: counted, timings = {} }) => {
        const cost = costOf?.(ref, counted);
        const { promptMs, outputMs, loadMs } = timings;
        const promptTokens = readTokens(counted, timings);
        const usage: Usage = {
          ...counted,
          contextTokens: request.contextTokens,
          ...(promptMs !== undefined && { promptMs }),
          ...(outputMs !== undefined && { outputMs }),
          ...(cost !== undefined && { cost }),
        };
        if (session === "") return usage; // kept nowhere
        const print = prints.printer(request, { epoch: recorder.epoch(), weights: model.digest });
        recorder.usage({
          model: ref,
          locality,
          startedAt,
          ...usage,
          ...(promptTokens !== undefined && { promptTokens }),
          ...(loadMs !== undefined && { loadMs }),
          print: toText(print, prints.last.get(session)),
        });
        remember(prints.last, session, print);
        return usage;
      };
    },
    cut({ ref, model }, sent, bytesPerToken) {
      if (model.fitsItself) return undefined; // it says itself what it left out
      const before = prints.sent.get(session);
      // A shorter one begins anew: after a compaction, or in another session that is kept nowhere.
      const goesOn = before?.ref === ref && session !== "" && before.sizeBytes <= sent.sizeBytes;
      remember(prints.sent, session, { ...sent, ref });
      return detectCut({ ...sent, bytesPerToken, before: goesOn ? before : undefined });
    },
  };
}

function remember<T>(last: Map<string, T>, session: string, value: T): void {
  last.delete(session); // so that it moves to the end
  last.set(session, value);
  const [oldest] = last.keys();
  if (last.size > MAX_SESSIONS && oldest !== undefined) last.delete(oldest);
}
