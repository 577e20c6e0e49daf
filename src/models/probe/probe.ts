/**
 * Measures one model on one server: asks, has each answer judged, and writes the scorecard. Everything
 * goes out as what nobody waits for, so that people are answered first.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { ProbeCheck, Scorecard } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import { constrained } from "../constrained/constrained.ts";
import { askContext, judgeContext, planContext } from "./context.ts";
import { decideMode, isUntried, isWorthForcing } from "./decide.ts";
import { toFirstToken } from "./first-token.ts";
import { digestOf, serverOf } from "./identity.ts";
import { type Field, judgeSchema, judgeStream, type Verdict } from "./judge.ts";
import { createSession, type Session } from "./session.ts";
import { measureSpeed, type Measured } from "./speed.ts";
import { requestsFor, TOO_SMALL, type ToolPrompt, tryChoice, tryTools } from "./tools.ts";
import { tryVision, VISION_STEPS } from "./vision.ts";

export type ProbeDeps = {
  clock: Clock;
  /** The agent's own system text and tools: what a model is really asked with. */
  prompt: () => ToolPrompt;
  newCallId: () => string;
  /** A whole number by chance: what is sent for measuring must be in no cache. */
  newSeed: () => number;
};

export type ProbeJob = {
  candidate: Candidate;
  /** All of the window, and each way of calling tools. */
  full: boolean;
  onProgress: (done: number, steps: number, text: string) => void;
};

/** First word, speed, cache, the choice, the schema, and what the tasks take; contexts come one each. */
const FIXED_STEPS = 6;
const CONTEXT_STEPS = 4;

/**
 * Throws what keeps the server from being asked at all (`MODEL_UNREACHABLE`, `MODEL_BUSY`, …),
 * `MODEL_PROBE_FAILED` where it does not say a word, and the signal's reason.
 */
export async function probe(
  job: ProbeJob,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Scorecard> {
  const { candidate, full, onProgress } = job;
  const { clock } = deps;
  const startedMs = clock.elapsedMs();
  const tasks = requestsFor("native") + requestsFor("constrained");
  const steps = FIXED_STEPS + CONTEXT_STEPS + VISION_STEPS + tasks;
  const session = createSession({ candidate, clock, steps, onProgress });
  const { loadMs, ...reached } = await reach(session, signal);
  const measured = await measureSpeed(session, deps.newSeed(), signal);
  const tools = await measureTools(session, { full, ...deps }, signal);
  const context = await measureContext(session, { full, measured, seed: deps.newSeed() }, signal);
  const vision = await measureVision(session, deps.newSeed(), signal);
  const { speed, cache, cold } = measured;
  const firstToken = toFirstToken(tools.heard, speed);
  session.finish();
  return {
    ref: candidate.ref,
    server: serverOf(candidate.provider.baseUrl),
    digest: digestOf(candidate.model),
    measuredAt: clock.now(),
    tookMs: Math.round(clock.elapsedMs() - startedMs),
    extent: full ? "full" : "standard",
    ...tools.decision,
    checks: [
      check("reachable", "Answers", reached),
      check("streams", "Words come as they are written", judgeStream(cold)),
      ...tools.checks,
      ...context.checks,
      check("cache", "Reads what it has read before from its cache", cache),
      ...vision,
    ],
    ...(context.context && { context: context.context }),
    speed: { ...speed, ...(loadMs !== undefined && { loadMs }) },
    ...(firstToken && { firstToken }),
  };
}

const check = (id: ProbeCheck["id"], title: string, verdict: Omit<ProbeCheck, "id" | "title">) => ({
  id,
  title,
  ...verdict,
});

/** The first word: it loads the model where it is not loaded. */
async function reach(session: Session, signal: AbortSignal) {
  session.tell("waiting for its first word");
  const heard = await session.ask({ messages: [{ role: "user", text: "hello" }] }, signal);
  const { ref } = session.candidate;
  if (heard.fault) {
    const { message, code } = heard.fault;
    throw new Fault(
      "MODEL_PROBE_FAILED",
      { ref, why: `${code}: ${message}` },
      { cause: heard.fault },
    );
  }
  const loadMs = heard.end?.timings?.loadMs;
  const took = heard.firstMs === undefined ? "" : ` after ${(heard.firstMs / 1000).toFixed(1)} s`;
  const detail = `the first word came${took}`;
  // Ollama tells a load of some milliseconds for a model that is there.
  const isLoad = loadMs !== undefined && loadMs > 500;
  return { result: "passed", detail, ...(isLoad && { loadMs: Math.round(loadMs) }) } as const;
}

async function measureTools(
  session: Session,
  deps: Pick<ProbeDeps, "prompt" | "newCallId"> & { full: boolean },
  signal: AbortSignal,
) {
  const { provider, unforced = provider } = session.candidate;
  const prompt = deps.prompt();
  const own = { mode: "native", provider: unforced, prompt } as const;
  const native = await tryTools(session, own, signal);
  const choice = isUntried(native.marks) ? TOO_SMALL : await tryChoice(session, own, signal);
  const schema = await trySchema(session, signal);
  const canForce = schema.result === "passed";
  const isTried = canForce && (deps.full || isWorthForcing(native.marks));
  if (!isTried) session.skip(requestsFor("constrained"));
  const way = {
    mode: "constrained",
    provider: constrained(unforced, deps.newCallId),
    prompt,
  } as const;
  const forced = isTried ? await tryTools(session, way, signal) : undefined;
  return {
    decision: decideMode(native.marks, forced?.marks),
    heard: native.heard,
    checks: [
      ...native.checks,
      check("choice", "Obeys what is forbidden and forced", { mode: "native", ...choice }),
      check("schema", "Answers in a JSON form", schema),
      ...(forced?.checks ?? []),
    ],
  };
}

const FIELDS: readonly Field[] = [
  { name: "city", type: "string" },
  { name: "people", type: "number" },
  { name: "isCapital", type: "boolean" },
];

async function trySchema(session: Session, signal: AbortSignal): Promise<Verdict> {
  session.tell("whether an answer can be forced into a JSON form");
  const format = {
    type: "object",
    properties: Object.fromEntries(FIELDS.map(({ name, type }) => [name, { type }])),
    required: FIELDS.map(({ name }) => name),
    additionalProperties: false,
  };
  const messages = [{ role: "user", text: "Tell me about Seoul, in JSON." } as const];
  return judgeSchema(await session.ask({ messages, format }, signal), FIELDS);
}

async function measureContext(
  session: Session,
  { full, measured, seed }: { full: boolean; measured: Measured; seed: number },
  signal: AbortSignal,
) {
  const { contextTokens: claimedTokens, model } = session.candidate;
  const title = "Reads all of its window";
  if (model.fitsItself) {
    session.skip(CONTEXT_STEPS);
    const detail = "it fits what it is sent into its window itself, and says what it left out";
    return { checks: [check("context", title, { result: "skipped", detail })] };
  }
  const { answerTokens } = session;
  const { promptTokensPerSecond: tokensPerSecond } = measured.speed;
  const plan = planContext({ claimedTokens, answerTokens, tokensPerSecond, full });
  session.skip(CONTEXT_STEPS - plan.sizes.length);
  if (plan.sizes.length === 0) {
    return { checks: [check("context", title, { result: "skipped", detail: plan.limit })] };
  }
  const { bytesPerToken } = measured;
  const asked = await askContext(session, plan, { bytesPerToken, seed }, signal);
  const { context, verdict } = judgeContext(asked, plan, claimedTokens);
  return { context, checks: [check("context", title, verdict)] };
}

/** Of a model that its server does not say to see, nothing is asked. */
async function measureVision(session: Session, seed: number, signal: AbortSignal) {
  if (!session.candidate.model.vision) {
    session.skip(VISION_STEPS);
    return [];
  }
  return [check("vision", "Sees pictures", await tryVision(session, seed, signal))];
}
