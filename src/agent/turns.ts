/** Runs one stored turn from where it stands: makes the head and the history, runs the loop, ends it. */

import type { Clock } from "../base/clock.ts";
import { Fault, type FaultReport, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { Candidate, Router } from "../models/candidate.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Epoch, Session, Store, StoredMessage, Turn } from "../store/store.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import type { Approvals } from "./approvals.ts";
import type { Meter } from "./context-window.ts";
import type { AgentDeps } from "./parts.ts";
import { createRequestLog, type Prints } from "./prefix/requests.ts";
import { type Head, type Heads, isCurrent } from "./head.ts";
import { callIds, entriesUpTo } from "./history.ts";
import { isClosing, runLoop } from "./loop.ts";
import type { MemoryOf } from "./memory.ts";
import { readNotes } from "./notes.ts";
import { listsOf, offeredTo } from "./offered.ts";
import { routePatiently } from "./patience.ts";
import { createRecorder } from "./recorder.ts";
import type { StandIns } from "./stand-in.ts";
import type { TextGates } from "./text-gate.ts";
import { toolModeNote } from "./tool-mode.ts";
import type { AgentDefaults } from "./settings.ts";

export type TurnDeps = {
  store: Store;
  router: Router;
  tools: readonly Tool[];
  heads: Heads;
  gates: TextGates;
  approvals: Approvals;
  meter: Meter;
  prints: Prints;
  costOf: AgentDeps["costOf"];
  onCut: AgentDeps["onCut"];
  defaults: AgentDefaults;
  clock: Clock;
  log: Log;
  /** What tools work with on behalf of a person. Throws what keeps the workspace of a private session from being made. */
  toolContext(of: ContextOf): Promise<Omit<ToolContext, "signal">>;
  standIns: StandIns;
  /** Turns that a crash or a stop left unfinished: their model server may still be starting. */
  resumed: Set<string>;
  /** Called when a message is made; what it returns is called once that message is on disk. */
  onAppend(turn: Turn, message: StoredMessage): () => void;
  /** What a session was told between its messages may be gone. */
  onCompaction(session: string): void;
};

/** Never throws: how it ended stands in the store and in the last event. */
export async function runTurn(
  deps: TurnDeps,
  turn: Turn,
  emit: (event: TurnEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = deps;
  let written: () => Promise<void> = async () => {};
  let picked = false;
  const end = async (state: Turn["state"], fault?: FaultReport) => {
    // Both at once, so that they share a commit; neither is lost when the other one fails.
    const ends = [written(), store.turns.setState(turn.id, state, clock.now(), fault)];
    for (const end of await Promise.allSettled(ends)) {
      if (end.status === "rejected") throw end.reason;
    }
  };
  try {
    const session = await store.sessions.get(turn.owner, turn.session);
    if (!session) throw new Fault("NOT_FOUND", { what: "session", id: turn.session });
    picked = session.model !== undefined;
    const prepared = await prepare(deps, { turn, session, emit }, signal);
    written = prepared.recorder.settled;
    const { reason } = await runLoop(prepared, emit, signal);
    await end("done");
    emit({ type: "done", reason });
  } catch (error) {
    if (isClosing(signal)) return void (await written().catch(reportTo(deps)));
    // Once it was stopped, whatever a server or a tool made of that is no news.
    const { aborted, reason } = signal;
    const met = aborted && reason instanceof Fault ? reason : toFault(error, logTo(deps, turn));
    const fault = picked ? withWayOn(met, turn) : met.toJSON();
    try {
      await end(fault.code === "TURN_STOPPED" ? "stopped" : "failed", fault);
    } catch (error) {
      // The person is told what went wrong first; on disk the turn stays unfinished and is taken up again.
      deps.log.error({ turn: turn.id, err: error }, "could not store how a turn ended");
    }
    emit({ type: "failed", ...fault });
  }
}

/** A picked model is strict, so that nobody answers in its place: the fault says how somebody may. */
function withWayOn({ code, message, fix }: FaultReport, { session }: Turn): FaultReport {
  if (!code.startsWith("MODEL_")) return { code, message, fix };
  const command = `isopod chat --session ${session} --model auto`;
  return { code, message, fix: `${fix}; or let another one answer: \`${command}\`` };
}

export type ContextOf = MemoryOf & { session: string };

type Begun = { turn: Turn; session: Session; emit: (event: TurnEvent) => void };

/** Waits for a server that is being started, and says so. */
async function findRoute(
  { router, clock, resumed }: TurnDeps,
  { turn, session, emit }: Begun,
  epoch: Epoch | undefined,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const onWait = (text: string) => emit({ type: "waiting", on: "model", text });
  const wanted = { picked: session.model, private: session.private, onWait };
  const route = () => router.route(wanted, signal);
  if (!resumed.delete(turn.id)) return route();
  return routePatiently(route, { clock, onWait, before: epoch?.model }, signal);
}

async function prepare(deps: TurnDeps, begun: Begun, signal: AbortSignal) {
  const { store, clock, tools, approvals, meter, defaults } = deps;
  const { turn, session } = begun;
  const epoch = await store.sessions.epoch(session.id);
  // What a compaction left out is not even read.
  const stored = await store.sessions.messages(session.id, epoch?.firstMessage);
  const candidates = await findRoute(deps, begun, epoch, signal);
  const [first] = candidates;
  if (!first) throw new Fault("MODEL_NONE", { why: "the route is empty" });
  const recorder = createRecorder({
    store,
    clock,
    turn,
    epoch: { model: first.ref, number: epoch?.number ?? 0 },
    onAppend: (message) => deps.onAppend(turn, message),
    onEpoch: (why) => {
      if (why === "compaction") deps.onCompaction(session.id);
    },
  });
  if (turn.state === "queued") recorder.running();
  const context = await deps.toolContext({
    person: turn.owner,
    session: session.id,
    private: session.private ?? false,
  });
  const offered = await offeredTo(tools, context);
  const openHead = async (candidate: Candidate): Promise<Head> => ({
    ...deps.heads.for(candidate, [defaults.instructions], offered),
    preface: await readNotes(candidate, context, signal),
  });
  const from = await headOf(epoch, first, deps, openHead);
  const firstMessage = epoch ? epoch.firstMessage : stored[0]?.id;
  const { system, toolsJson, preface } = from.head;
  if (from.why) {
    recorder.beginEpoch({ why: from.why, system, toolsJson, preface, firstMessage });
    const note = toolModeNote(first);
    if (note) begun.emit(note);
  }
  return {
    head: from.head,
    entries: entriesUpTo(stored, turn.id, firstMessage),
    own: stored.filter((message) => message.turn === turn.id).map(({ message }) => message),
    callIds: callIds(stored),
    hasOlderCalls: epoch?.firstMessage !== undefined && epoch.number > 1,
    candidates,
    recorder,
    requests: createRequestLog({ ...deps, recorder, session: session.id }),
    onCut: deps.onCut,
    meter,
    openHead,
    standIns: deps.standIns,
    createGate: deps.gates,
    person: turn.owner,
    session: session.id,
    attended: turn.attended,
    tools,
    context,
    approvals,
    limits: defaults,
    clock,
    report: reportTo(deps),
  };
}

/**
 * The epoch's head while it stands, whatever the mode is by now; a new one has a reason, and keeps what was
 * said before.
 */
async function headOf(
  epoch: Epoch | undefined,
  candidate: Candidate,
  { heads, defaults, tools }: TurnDeps,
  openHead: (candidate: Candidate) => Promise<Head>,
): Promise<{ head: Head; why?: Epoch["why"] }> {
  if (!epoch) return { head: await openHead(candidate), why: "new" };
  // One that answers for this turn only changes nothing that lasts.
  if (candidate.insteadOf) return { head: await standInHead(epoch, candidate, openHead) };
  const { preface } = epoch;
  // With the tools that it began with, whichever are offered by now.
  const standing = listsOf(tools)
    .map((list) => heads.for(candidate, [defaults.instructions], list))
    .find((head) => isCurrent(epoch, candidate.ref, head));
  if (standing) return { head: { ...standing, preface } };
  return { head: { ...(await openHead(candidate)), preface }, why: "model" };
}

/** The frozen head serves any model that calls tools alike; one that only chats gets its own, unstored. */
async function standInHead(
  epoch: Epoch,
  candidate: Candidate,
  openHead: (candidate: Candidate) => Promise<Head>,
): Promise<Head> {
  return { ...(await openHead(candidate)), preface: epoch.preface };
}

const logTo =
  ({ log }: Pick<TurnDeps, "log">, turn?: Turn) =>
  (id: string, error: unknown) =>
    log.error({ id, turn: turn?.id, err: error }, "a turn met a bug");

export const reportTo = (deps: Pick<TurnDeps, "log">) => (error: unknown) =>
  toFault(error, logTo(deps));
