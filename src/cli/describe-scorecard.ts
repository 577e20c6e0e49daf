/** A scorecard in plain words. Pure. */

import type { MeasuredContext, ProbeCheck, Scorecard, ToolMode } from "../protocol/scorecard.ts";
import { describeSeconds } from "./amounts.ts";

/** One short column of a list: how it calls tools, and how fast it writes. */
export function describeShortly({ mode, speed, checks }: Scorecard): string {
  const rate = speed.outputTokensPerSecond;
  const calls = checks.some(isUntried) ? "tools?" : SHORT[mode];
  return rate === undefined ? calls : `${calls}, ${describeRate(rate)}/s`;
}

/** Its window was too small for the question. */
const isUntried = ({ id, result }: ProbeCheck) => id === "call" && result === "skipped";

const SHORT: Record<ToolMode, string> = {
  native: "tools",
  constrained: "tools (JSON)",
  chat: "chat",
};

/** "measured 30 min ago". */
export const describeAge = (measuredAt: number, now: number): string =>
  `measured ${describeSince(measuredAt, now)}`;

/** Such as "3 h ago"; a clock that was set back makes it "just now". */
export function describeSince(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** What it comes to: a row for each thing that one decides by, its name and its words. */
export function describeScorecard(card: Scorecard): [name: string, words: string][] {
  const { speed, firstToken, context, mode, why } = card;
  return [
    ["calls tools", `${MODES[mode]}: ${why}`],
    ["speed", describeSpeed(speed)],
    ...(firstToken ? ([["first word", describeFirstToken(firstToken)]] as const) : []),
    ...(context ? ([["proved window", describeContext(context)]] as const) : []),
  ].map(([name = "", words = ""]) => [name, words]);
}

const MODES: Record<ToolMode, string> = {
  native: "natively",
  constrained: "in a forced JSON form",
  chat: "not at all",
};

function describeSpeed({
  promptTokensPerSecond,
  outputTokensPerSecond,
  by,
  loadMs,
}: Scorecard["speed"]) {
  const parts = [
    promptTokensPerSecond === undefined ? "" : `reads ${describeRate(promptTokensPerSecond)}`,
    outputTokensPerSecond === undefined ? "" : `writes ${describeRate(outputTokensPerSecond)}`,
  ].filter(Boolean);
  if (parts.length === 0)
    return "could not be measured: its server counts no tokens, or others were served";
  const whose = by === "server" ? "by its server's clock" : "by our clock";
  const load = loadMs === undefined ? "" : `; loading it took ${describeSeconds(loadMs / 1000)}`;
  return `${parts.join(" and ")} tokens a second (${whose})${load}`;
}

function describeFirstToken({
  promptTokens,
  coldMs,
  warmMs,
}: NonNullable<Scorecard["firstToken"]>) {
  const warm = warmMs === undefined ? "" : `, ${describeMs(warmMs)} from the second message on`;
  return `about ${describeMs(coldMs)} in a new session (${promptTokens} tokens to read)${warm}`;
}

function describeContext({
  claimedTokens,
  heldTokens,
  triedTokens,
  cutAtTokens,
  limit,
}: MeasuredContext) {
  const claimed = `${claimedTokens.toLocaleString("en")} claimed`;
  if (cutAtTokens !== undefined) {
    return `${claimed}, but the server takes no more than ${cutAtTokens.toLocaleString("en")}`;
  }
  const held = heldTokens.toLocaleString("en");
  if (heldTokens === triedTokens) return `${claimed}, ${held} proved (tried: ${limit})`;
  return `${claimed}, ${held} proved; at ${triedTokens.toLocaleString("en")} it forgets`;
}

/** A row for each check: mark, what, which way, what was seen. */
export const describeChecks = (checks: readonly ProbeCheck[]): string[][] =>
  checks.map(({ title, mode, result, detail }) => [
    MARKS[result],
    mode === "constrained" ? `${title} (forced)` : title,
    detail,
  ]);

const MARKS: Record<ProbeCheck["result"], string> = {
  passed: "ok  ",
  partly: "part",
  failed: "no  ",
  skipped: "skip",
};

const describeRate = (perSecond: number) =>
  perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en");

function describeMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : describeSeconds(ms / 1000);
}
