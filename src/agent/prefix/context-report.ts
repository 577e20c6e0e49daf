/** How the prompts of a session fared in their servers' caches, from what the store kept of each request. */

import { Fault } from "../../base/fault.ts";
import type { ContextReport, RequestReport } from "../../protocol/context.ts";
import type { Sessions, StoredUsage } from "../../store/store.ts";
import { adviceOf, textOf } from "./advice.ts";
import { explain } from "./why.ts";

/** So many requests are shown one by one; the totals are of all. */
const SHOWN = 40;

export type ContextReportDeps = {
  sessions: Pick<Sessions, "get" | "usage" | "epochs" | "requestsBeside">;
  /** How a server of this model is given room for several conversations. */
  slotAdvice: (model: string) => Promise<string>;
};

/** Throws `NOT_FOUND` for a session that is not this person's. */
export type ReadContext = (person: string, session: string) => Promise<ContextReport>;

export function createContextReport({ sessions, slotAdvice }: ContextReportDeps): ReadContext {
  /** Whether others came in between. It is asked for what a change of the text does not explain. */
  async function withOthers(
    report: RequestReport,
    row: StoredUsage,
    before: StoredUsage | undefined,
  ): Promise<RequestReport> {
    if (report.cause !== "server" && report.cause !== "reloaded") return report;
    if (!before || report.changed || (row.loadMs ?? 0) > LOAD_SAYS_IT_MS) return report;
    const { session, model, startedAt } = row;
    const beside = await sessions.requestsBeside(session, model, before.at, startedAt);
    return beside > 0 ? { ...report, cause: "slot", beside } : report;
  }

  return async (person, id) => {
    if (!(await sessions.get(person, id))) throw new Fault("NOT_FOUND", { what: "session", id });
    const [usage, epochs] = await Promise.all([sessions.usage(id), sessions.epochs(id)]);
    const explained = explain({ usage, epochs });
    const requests: RequestReport[] = [];
    const last = new Map<string, StoredUsage>();
    for (const [at, report] of explained.entries()) {
      const row = usage[at];
      if (!row) break; // one for each
      requests.push(await withOthers(report, row, last.get(row.model)));
      last.set(row.model, row);
    }
    const broken = requests.findLast(({ lostTokens }) => lostTokens > 0);
    const advice = broken && adviceOf(broken, await slotAdvice(broken.model));
    return {
      session: id,
      requests: requests.slice(-SHOWN),
      broken: broken ? { ...broken, text: textOf(broken), advice: advice ?? "" } : null,
      totals: totalsOf(requests),
    };
  };
}

/** The server itself says that the model was loaded: no other session is to blame. */
const LOAD_SAYS_IT_MS = 150;

function totalsOf(requests: readonly RequestReport[]): ContextReport["totals"] {
  const sum = (of: (request: RequestReport) => number) =>
    requests.reduce((total, request) => total + of(request), 0);
  const inputTokens = sum((request) => request.inputTokens);
  const lostTokens = sum((request) => request.lostTokens);
  const lostShare = inputTokens > 0 ? lostTokens / inputTokens : 0;
  return { requests: requests.length, inputTokens, lostTokens, lostShare };
}
