/**
 * Runs the tool calls of one message: offered? arguments valid? does a person have to agree? Then the
 * journal, then the tool, then the result. Each call gets exactly one result, whatever happens.
 */

import type { Clock } from "../base/clock.ts";
import { Fault, type toFault } from "../base/fault.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { ToolCall } from "../protocol/message.ts";
import type { JournalEntry } from "../store/store.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import type { Approval, Approvals, BoundCall } from "./approvals.ts";
import { checkCall, type CheckedCall, toResultText } from "./check-call.ts";
import { type Budget, type LoopGuard, MAX_CALLS_PER_MESSAGE } from "./guards.ts";
import { type Entry, resultOf } from "./history.ts";
import type { Recorder } from "./recorder.ts";

export type CallsDeps = {
  person: string;
  session: string;
  /** Whether somebody is there to answer a question. */
  attended: boolean;
  tools: ReadonlyMap<string, Tool>;
  context: Omit<ToolContext, "signal">;
  approvals: Approvals;
  recorder: Recorder;
  guard: LoopGuard;
  budget: Budget;
  clock: Clock;
  /** Logs a bug and returns the fault that a person sees. */
  report(error: unknown): ReturnType<typeof toFault>;
};

export type Calls = {
  calls: readonly ToolCall[];
  /** Set for what a crash left open: what the journal knows of is reconciled, not run again. */
  resumed: boolean;
  /** Set where the model's answer was cut off: the last call may lack its end. */
  cut: boolean;
};

export interface CallRunner {
  /** Yields the results, recorded, in the order of the calls. Throws the signal's reason, or a bug's fault. */
  run(
    calls: Calls,
    emit: (event: TurnEvent) => void,
    signal: AbortSignal,
  ): AsyncGenerator<Entry, void, void>;
  /** Whether a tool with an effect was started for this call: a stop may have left it half done. */
  wasStarted(call: ToolCall): boolean;
}

export function createCallRunner(deps: CallsDeps): CallRunner {
  const started = new Set<string>();
  return {
    wasStarted: ({ id }) => started.has(id),
    run: async function* (calls, emit, signal) {
      const round: Round = { ...deps, ...calls, started, emit };
      for (const group of inGroups(calls.calls.map((call, at) => toStep(round, call, at)))) {
        signal.throwIfAborted();
        const settled = await Promise.allSettled(group.map((step) => step.run(signal)));
        for (const [at, { call }] of group.entries()) {
          const outcome = settled[at];
          // What was done before a stop keeps its result.
          if (outcome?.status !== "fulfilled") throw outcome?.reason;
          yield* finish(round, call, outcome.value);
          if (outcome.value.bug) throw outcome.value.bug;
        }
      }
    },
  };
}

type Round = CallsDeps & Calls & { started: Set<string>; emit: (event: TurnEvent) => void };
type Outcome = { ok: boolean; text: string; bug?: ReturnType<typeof toFault> };
type Step = { call: ToolCall; alone: boolean; run: (signal: AbortSignal) => Promise<Outcome> };

function toStep(round: Round, call: ToolCall, at: number): Step {
  const { calls, tools, cut } = round;
  const refuse = (text: string): Step => {
    return { call, alone: false, run: async () => ({ ok: false, text }) };
  };
  if (at >= MAX_CALLS_PER_MESSAGE) {
    return refuse(`Refused: at most ${MAX_CALLS_PER_MESSAGE} calls in one message. Call again.`);
  }
  const checked = checkCall(call, tools, cut && at === calls.length - 1);
  if ("refusal" in checked) return refuse(checked.refusal);
  return {
    call,
    // A question would be asked beside others, and an effect seen or not by a neighbour as luck has it.
    alone: checked.tool.effect !== "none" || checked.tool.asks !== undefined,
    run: (signal) => runChecked(round, { call, ...checked }, signal),
  };
}

/** Neighbours without an effect run together; everything else runs alone, in order. */
function inGroups(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last && !step.alone && !last.some(({ alone }) => alone)) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function* finish(round: Round, call: ToolCall, { ok, text }: Outcome): Generator<Entry> {
  const output = round.guard.see(call, text);
  round.emit({ type: "tool-result", id: call.id, tool: call.tool, ok, output });
  const entries = round.recorder.append([resultOf(call, output, ok)]);
  if (round.started.has(call.id)) round.recorder.finish(call, ok);
  yield* entries;
}

type Job = CheckedCall & { call: ToolCall };

async function runChecked(round: Round, job: Job, signal: AbortSignal): Promise<Outcome> {
  const { recorder, started } = round;
  const { call, tool, input } = job;
  const context: ToolContext = { ...round.context, signal };
  try {
    const before = round.resumed ? await recorder.started(call) : undefined;
    const known = before && (await reconcile(before, job, context));
    if (known) return known;
    // Before anybody is asked: what a person agrees to could not be done.
    const masked = tool.masked?.(context.reach());
    if (masked) return toOutcome(round, masked);
    const why = tool.asks?.(input, context);
    const consent = why === undefined ? undefined : await askPerson(round, job, why, signal);
    if (consent && "refusal" in consent) return { ok: false, text: consent.refusal };
    if (tool.effect !== "none") {
      if (!before) {
        const state = (await tool.before?.(input, context)) ?? "";
        await recorder.start(call, { before: state, approvedBy: consent?.approval.person });
      }
      started.add(call.id);
    }
    // Last thing before it runs: files may have been rewritten while the question was open.
    if (consent && !(await consent.approval.spend(consent.bound))) {
      return { ok: false, text: CHANGED };
    }
    if (consent?.granted) await context.grants.add(consent.granted.what, consent.granted.until);
    return await runTimed(round, job, context);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return toOutcome(round, error);
  }
}

/** Ends the tool when the turn's time for tools is up; waiting for a person does not count. */
async function runTimed(
  { clock, budget }: Round,
  { tool, input }: Job,
  context: ToolContext,
): Promise<Outcome> {
  const over = new AbortController();
  const finished = new AbortController();
  const startedMs = clock.elapsedMs();
  clock.sleep(budget.toolMsLeft(), finished.signal).then(
    () => over.abort(budget.toolTimeIsUp()),
    () => {}, // it was done in time
  );
  try {
    const signal = AbortSignal.any([context.signal, over.signal]);
    return { ok: true, text: await tool.run(input, { ...context, signal }) };
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    finished.abort();
    budget.toolTime(clock.elapsedMs() - startedMs);
  }
}

async function askPerson(
  { person, session, attended, approvals, context, emit }: Round,
  { call, tool, input }: Job,
  why: string,
  signal: AbortSignal,
): Promise<{ refusal: string } | Consent> {
  if (!attended) return { refusal: UNATTENDED };
  const { argumentsJson } = call;
  const { workspace } = context;
  const bound: BoundCall = { person, tool: tool.name, argumentsJson, input, workspace };
  const lasting = tool.lasting?.(input);
  const answer = await approvals.ask({ session, why, lasting, call: bound }, emit, signal);
  if (answer.decision === "allow") {
    const { approval, until } = answer;
    return { approval, bound, granted: lasting && until ? { what: lasting, until } : undefined };
  }
  return { refusal: answer.why === "timeout" ? NO_ANSWER : DENIED };
}

type Consent = {
  approval: Approval;
  bound: BoundCall;
  /** What was agreed to beyond this call. */
  granted: { what: string; until: "session" | "always" } | undefined;
};

/** What a failed tool tells the model. A bug has its result too, and ends the turn. */
function toOutcome({ report }: Round, error: unknown): Outcome {
  if (error instanceof Fault) {
    return { ok: false, text: toResultText(error) };
  }
  const bug = report(error);
  return { ok: false, text: `${bug.code}: ${bug.message}`, bug };
}

/** Undefined when the effect did not take place: the call runs, under the journal entry that it has. */
async function reconcile(
  entry: JournalEntry,
  { tool, input }: Job,
  context: ToolContext,
): Promise<Outcome | undefined> {
  if (entry.finishedAt !== undefined) {
    return entry.ok ? { ok: true, text: TOOK_EFFECT } : { ok: false, text: FAILED };
  }
  const effect = (await tool.reconcile?.(input, entry.before, context)) ?? "unknown";
  if (effect === "yes") return { ok: true, text: TOOK_EFFECT };
  return effect === "no" ? undefined : { ok: false, text: UNKNOWN };
}

const TOOK_EFFECT = "Done. (The gateway stopped right after; what the tool said was lost.)";
const FAILED = "The tool ended with an error, which was lost when the gateway stopped.";
const UNKNOWN =
  "The gateway stopped while this ran. It may have taken effect: look before you repeat it.";
const UNATTENDED =
  "Not run: this needs a person's agreement, and nobody is there to ask. Go on without it.";
const NO_ANSWER = "Not run: nobody answered in time, which means no. Go on without it.";
const DENIED =
  "Not run: the person said no. Do not try it again; go on without it or ask what they prefer.";
const CHANGED =
  "Not run: a file that this call names was changed after the person agreed. Look at it, then call again.";
