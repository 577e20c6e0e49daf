/** Why a server read again what it had read before. Pure: prints, counts and times in, causes out. */

import type { PrefixCause, RequestReport } from "../../protocol/context.ts";
import type { Epoch, StoredUsage } from "../../store/store.ts";
import { comparePrints, firstByteOf, type Change } from "./compare.ts";
import type { Print } from "./print.ts";
import { fromText } from "./print-text.ts";

/** Below this nobody notices, and templates close each answer a little differently than they opened it. */
const LEAST_LOST_TOKENS = 48;
const LEAST_LOST_SHARE = 0.05;
/** What a loaded model takes to be found is some tens of ms; the smallest that is loaded takes hundreds. */
const LOADED_MS = 150;
/** So little is what any two prompts share: the server had nothing of this one. */
const NOTHING_SHARE = 0.02;
/** A request that says something about the speed of reading. */
const LEAST_TIMED_TOKENS = 100;

export type WhyInput = {
  /** Oldest first. */
  usage: readonly StoredUsage[];
  epochs: readonly Pick<Epoch, "number" | "why" | "system" | "toolsJson">[];
};

/** One for each request, oldest first. A `slot` is not told apart from `server` yet: that takes other sessions. */
export function explain({ usage, epochs }: WhyInput): RequestReport[] {
  const reports: RequestReport[] = [];
  const last = new Map<string, Seen>();
  const speeds = readingSpeeds(usage);
  let print: Print | undefined;
  for (const row of usage) {
    print = row.print === undefined ? undefined : fromText(row.print, print);
    const seen: Seen = { row, print, ...cachedOf(row, speeds.get(row.model)) };
    reports.push(explainOne(last.get(row.model), seen, epochs));
    last.set(row.model, seen);
  }
  return reports;
}

type Seen = {
  row: StoredUsage;
  print: Print | undefined;
  cached: number | undefined;
  estimated: boolean;
  msPerToken: number | undefined;
};

function explainOne(
  before: Seen | undefined,
  seen: Seen,
  epochs: WhyInput["epochs"],
): RequestReport {
  const { row, cached, estimated, msPerToken } = seen;
  const { at, turn, model, inputTokens } = row;
  const known = { at, turn, model, inputTokens, cachedTokens: cached ?? null, estimated };
  if (!before) return { ...known, lostTokens: 0, lostSeconds: 0, cause: "first" };
  const change = before.print && seen.print ? comparePrints(before.print, seen.print) : undefined;
  // What was read for the request before could all have been kept; what it cost is what was not.
  const had = Math.min(before.row.inputTokens, inputTokens);
  const lostTokens =
    cached === undefined
      ? Math.round(had * (change ? 1 - change.keptShare : 0))
      : Math.max(0, had - cached);
  const small = lostTokens < Math.max(LEAST_LOST_TOKENS, had * LEAST_LOST_SHARE);
  if (small) return { ...known, lostTokens: 0, lostSeconds: 0, cause: "held" };
  const lostSeconds = msPerToken === undefined ? null : (lostTokens * msPerToken) / 1000;
  const cause = causeOf(change, before, seen, epochs);
  const changed = change && toChanged(change, before.print, seen.print, epochs);
  return { ...known, lostTokens, lostSeconds, cause, ...(changed && { changed }) };
}

/** A change of the text explains a loss only as far as the text had to be read again. */
function causeOf(
  change: Change | undefined,
  before: Seen,
  { row, print, cached = 0 }: Seen,
  epochs: WhyInput["epochs"],
): PrefixCause {
  const had = Math.min(before.row.inputTokens, row.inputTokens);
  const epoch = epochs.find(({ number }) => number === print?.epoch);
  // Its summary was a request of its own, which may have taken the slot as well.
  if (epoch?.why === "compaction" && before.print?.epoch !== print?.epoch) return "compaction";
  if (change && change.component !== "template") {
    const lostMore = cached < had * change.keptShare * (1 - LOST_MORE_SHARE) - LEAST_LOST_TOKENS;
    if (!lostMore) return change.component;
  }
  if (change?.component === "template") {
    return change.names?.every((name) => name === "num_ctx") ? "reloaded" : "template";
  }
  if ((row.loadMs ?? 0) >= LOADED_MS) return "reloaded";
  return cached <= row.inputTokens * NOTHING_SHARE ? "reloaded" : "server";
}

/** Prompts are not as dense everywhere: bytes tell tokens to about this part. */
const LOST_MORE_SHARE = 0.5;

/** A head that changed is at hand in the epochs: there the byte is exact. */
function toChanged(
  { component, byte, within, exact, message, names }: Change,
  before: Print | undefined,
  after: Print | undefined,
  epochs: WhyInput["epochs"],
): NonNullable<RequestReport["changed"]> {
  const more = { ...(message && { message }), ...(names && { names }) };
  const textOf = (number: number | undefined) => {
    const epoch = epochs.find((one) => one.number === number);
    return component === "system" ? epoch?.system : epoch?.toolsJson;
  };
  const [old, now] = [textOf(before?.epoch), textOf(after?.epoch)];
  const isHead = component === "system" || component === "tools";
  // Equal texts were not what was sent: a model of another kind answered with a head of its own.
  if (!isHead || old === undefined || now === undefined || old === now) {
    return { byte, within, exact, ...more };
  }
  const first = firstByteOf(old, now);
  return { byte: byte - within + first, within: first, exact: true, ...more };
}

/**
 * The slowest that each model was read at, in ms a token: what a prompt takes of which nothing is cached.
 * From requests whose server tells the time and not what it had (Ollama).
 */
function readingSpeeds(usage: readonly StoredUsage[]): Map<string, number> {
  const slowest = new Map<string, number>();
  for (const { model, inputTokens, promptMs = 0 } of usage) {
    if (inputTokens < LEAST_TIMED_TOKENS || promptMs <= 0) continue;
    slowest.set(model, Math.max(slowest.get(model) ?? 0, promptMs / inputTokens));
  }
  return slowest;
}

function cachedOf(
  { inputTokens, cachedTokens, promptTokens, promptMs }: StoredUsage,
  slowest: number | undefined,
): Pick<Seen, "cached" | "estimated" | "msPerToken"> {
  const read =
    promptTokens ?? (cachedTokens === undefined ? undefined : inputTokens - cachedTokens);
  if (read !== undefined) {
    const timed = promptMs !== undefined && read >= LEAST_LOST_TOKENS;
    const msPerToken = timed ? promptMs / read : slowest;
    return { cached: Math.max(0, inputTokens - read), estimated: false, msPerToken };
  }
  if (promptMs === undefined || !slowest) {
    return { cached: undefined, estimated: false, msPerToken: slowest };
  }
  const cached = Math.max(0, Math.round(inputTokens - promptMs / slowest));
  return { cached, estimated: true, msPerToken: slowest };
}
