/** How much of its window a model really reads: facts hidden in growing texts, asked for one after the other. */

import type { MeasuredContext } from "../../protocol/scorecard.ts";
import type { Heard } from "./ask.ts";
import type { Verdict } from "./judge.ts";
import { createHaystack, findNeedles, planSizes, questionFor } from "./needle.ts";
import type { Session } from "./session.ts";

export type ContextPlan = {
  sizes: readonly number[];
  /** Why no larger one is tried. */
  limit: string;
};

/** What a probe reads at most unless it is to be full: a minute and a half at the measured speed, */
const STANDARD_SECONDS = 90;
/** and no more than this on a machine that is fast. */
const STANDARD_TOKENS = 16_384;
/** Where nobody knows how fast it reads. */
const UNKNOWN_TOKENS = 2_048;

export function planContext(from: {
  claimedTokens: number;
  answerTokens: number;
  tokensPerSecond: number | undefined;
  full: boolean;
}): ContextPlan {
  const { claimedTokens, answerTokens, tokensPerSecond, full } = from;
  const affordable = tokensPerSecond ? tokensPerSecond * STANDARD_SECONDS : UNKNOWN_TOKENS;
  const most = full ? Infinity : Math.floor(Math.min(STANDARD_TOKENS, affordable));
  const sizes = planSizes(claimedTokens, most, answerTokens);
  const whole = planSizes(claimedTokens, Infinity, answerTokens);
  const isWhole = sizes.at(-1) === whole.at(-1);
  if (sizes.length === 0) return { sizes, limit: "the window is too small to hide anything in" };
  if (isWhole) return { sizes, limit: "the whole window" };
  const limit =
    most < STANDARD_TOKENS
      ? `what can be read in ${STANDARD_SECONDS} s`
      : `${STANDARD_TOKENS.toLocaleString("en")} tokens`;
  return { sizes, limit: `${limit}; --full tries the whole window` };
}

/** One answer at one size. */
export type Sized = { tokens: number; heard: Heard; found: ReturnType<typeof findNeedles> };

/** Asks for growing sizes until one is not held. Throws as `Session.ask` does. */
export async function askContext(
  session: Session,
  plan: ContextPlan,
  { bytesPerToken, seed }: { bytesPerToken: number; seed: number },
  signal: AbortSignal,
): Promise<Sized[]> {
  const haystack = createHaystack(plan.sizes, { bytesPerToken, seed });
  const asked: Sized[] = [];
  for (const tokens of plan.sizes) {
    const needles = haystack.needles(tokens);
    session.tell(`looking for hidden facts in ${tokens.toLocaleString("en")} tokens`);
    const text = `${haystack.text(tokens)}\n\n${questionFor(needles)}`;
    const heard = await session.ask({ messages: [{ role: "user", text }] }, signal);
    const found = findNeedles(needles, heard.text);
    asked.push({ tokens, heard, found });
    if (!isHeld({ tokens, heard, found })) break;
  }
  return asked;
}

const isHeld = ({ found }: Sized) => found.every(({ found }) => found);

/** A count so far below what was sent means that the rest was thrown away. */
const CUT_BELOW = 0.75;

/** What it all comes to. Pure. */
export function judgeContext(
  asked: readonly Sized[],
  plan: ContextPlan,
  claimedTokens: number,
): { context: MeasuredContext; verdict: Verdict } {
  const heldTokens = asked.findLast(isHeld)?.tokens ?? 0;
  const last = asked.at(-1);
  const triedTokens = last?.tokens ?? 0;
  const cutAtTokens = last && cutAt(last, heldTokens);
  const context: MeasuredContext = {
    claimedTokens,
    heldTokens,
    triedTokens,
    limit: plan.limit,
    ...(cutAtTokens !== undefined && { cutAtTokens }),
    sizes: asked.map(({ tokens, found }) => ({ tokens, found })),
  };
  return { context, verdict: toVerdict(context, last) };
}

/** Undefined where nothing was cut: the model had it all before it, and forgot. */
function cutAt({ heard, tokens, found }: Sized, heldTokens: number): number | undefined {
  if (heard.fault?.code === "MODEL_CONTEXT_EXCEEDED") return heldTokens;
  const read = heard.end?.usage.inputTokens ?? 0;
  const isShort = read > 0 && read < tokens * CUT_BELOW;
  // Some servers count only what was not cached: then the beginning is short in the count and yet known.
  return isShort && found[0]?.found === false ? read : undefined;
}

function toVerdict(context: MeasuredContext, last: Sized | undefined): Verdict {
  const { heldTokens, triedTokens, cutAtTokens, claimedTokens } = context;
  const say = (tokens: number) => tokens.toLocaleString("en");
  if (cutAtTokens !== undefined) {
    const detail = `the server claims ${say(claimedTokens)} tokens and takes no more than ${say(cutAtTokens)}`;
    return { result: "failed", detail };
  }
  if (last && heldTokens === triedTokens) {
    const detail = `it found every fact in ${say(triedTokens)} tokens (${context.limit})`;
    return { result: "passed", detail };
  }
  const why = last?.heard.fault ? `then failed: ${last.heard.fault.message}` : forgot(last);
  if (heldTokens === 0)
    return { result: "failed", detail: `in ${say(triedTokens)} tokens it ${why}` };
  return {
    result: "partly",
    detail: `it held ${say(heldTokens)} tokens; in ${say(triedTokens)} it ${why}`,
  };
}

function forgot(last: Sized | undefined): string {
  const lost = last?.found.filter(({ found }) => !found).map(({ percent }) => PLACES[percent]);
  return `missed what stood ${lost?.join(" and ") ?? "there"}`;
}

const PLACES: Record<number, string> = {
  25: "in the first part",
  50: "in the middle",
  90: "at the end",
};
