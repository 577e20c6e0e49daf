/** A turn of a session that is kept nowhere: what `/v1/chat/completions` gets without a session. */

import { Fault, toFault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { Candidate } from "../models/candidate.ts";
import { outputLimit, type Params } from "../models/params/fields.ts";
import { neutralise } from "../models/hostile.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Message } from "../protocol/message.ts";
import type { Agent } from "./agent.ts";
import type { Parts } from "./parts.ts";
import type { Head } from "./head.ts";
import type { Entry } from "./history.ts";
import { runLoop } from "./loop.ts";
import { readNotes } from "./notes.ts";
import { offeredTo } from "./offered.ts";
import { createRequestLog } from "./prefix/requests.ts";
import { createEphemeralRecorder } from "./recorder.ts";
import { contextLines } from "./turn-context.ts";
import { reportTo } from "./turns.ts";

type EphemeralTurn = Parameters<Agent["runEphemeral"]>[0];

/** Never throws: the last event says how it ended, unless the signal did. */
export async function runEphemeral(
  parts: Parts,
  turn: EphemeralTurn,
  emit: (event: TurnEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { reason } = await runLoop(await prepare(parts, turn, signal), emit, signal);
    emit({ type: "done", reason });
  } catch (error) {
    if (signal.aborted) return;
    const fault = toFault(error, (id, cause) =>
      parts.deps.log.error({ id, err: cause }, "a turn met a bug"),
    );
    emit({ type: "failed", ...fault.toJSON() });
  }
}

async function prepare(
  { deps, turnDeps, minute }: Parts,
  turn: EphemeralTurn,
  signal: AbortSignal,
) {
  const { router, settings, clock, tools } = deps;
  const { person } = turn;
  const agent = agentOf(settings, turn.agent);
  // The caller's model, else the agent's own chain, else the default one.
  const route = await router.route({ picked: turn.model, chain: agent.model }, signal);
  const candidates = route.map((candidate) => withParams(candidate, agent.params));
  const [first] = candidates;
  if (!first) throw new Fault("MODEL_NONE", { why: "the route is empty" });
  const context = await turnDeps.toolContext({ person, session: "", private: false });
  const callers = turn.history.filter(({ role }) => role === "system");
  const instructions = [agent.instructions, ...callers.map(({ text }) => neutralise(text))];
  const offered = await offeredTo(tools, context);
  const openHead = async (candidate: Candidate): Promise<Head> => ({
    ...turnDeps.heads.for(candidate, instructions, offered),
    preface: await readNotes(candidate, context, signal),
  });
  const entries = turn.history
    .flatMap(toMessage)
    .map((message) => ({ id: createId("msg", clock.now()), message }));
  const last = entries.findLast(isOfUser);
  if (last) {
    const { mode, link, sandbox } = deps;
    const choice = sandbox();
    const sandboxOff = choice.ok ? undefined : choice.reason;
    const now = minute(clock.now());
    const facts = { now, mode: mode(), link: link?.(), sandboxOff, memories: [] };
    last.message = { ...last.message, context: contextLines(facts, undefined) };
  }
  const recorder = createEphemeralRecorder(clock);
  return {
    head: await openHead(first),
    entries,
    own: last ? [last.message] : [],
    callIds: [],
    candidates,
    recorder,
    requests: createRequestLog({ ...turnDeps, recorder, session: "" }),
    onCut: turnDeps.onCut,
    meter: turnDeps.meter,
    openHead,
    standIns: turnDeps.standIns,
    priority: "api" as const,
    createGate: turnDeps.gates,
    person,
    session: "",
    attended: false,
    tools,
    context,
    approvals: turnDeps.approvals,
    limits: settings.defaults,
    clock,
    report: reportTo(deps),
  };
}

type Settings = Parts["deps"]["settings"];

function agentOf({ defaults, entries }: Settings, name: string | undefined) {
  const entry = name === undefined ? undefined : entries[name];
  const { model, params, instructions = defaults.instructions } = entry ?? {};
  return { instructions, model, params };
}

/** The agent's own before the model's. */
function withParams(candidate: Candidate, own: Params | undefined): Candidate {
  if (!own) return candidate;
  const maxTokens = outputLimit(own) ?? candidate.maxTokens;
  return {
    ...candidate,
    params: { ...candidate.params, ...own },
    ...(maxTokens !== undefined && { maxTokens }),
  };
}

function toMessage({ role, text, images }: EphemeralTurn["history"][number]): Message[] {
  if (role === "system") return [];
  if (role === "assistant") return [{ role, text, toolCalls: [] }];
  return [{ role, text, ...(images?.length && { images }) }];
}

const isOfUser = (entry: Entry): entry is Entry & { message: { role: "user" } } =>
  entry.message.role === "user";
