/** An agent that says what a script says: turns, streams and stops are real, the thinking is not. */

import type { Agent } from "../../src/agent/agent.ts";
import { Fault } from "../../src/base/fault.ts";
import { createId } from "../../src/base/ids.ts";
import { createFeed } from "../../src/channels/feed.ts";
import type { Hub } from "../../src/channels/hub.ts";
import type { ApprovalRequest, Decision, TurnEvent } from "../../src/protocol/event.ts";
import type { Store, StoredMessage, Turn } from "../../src/store/store.ts";

export type Script = (text: string, signal: AbortSignal) => AsyncIterable<TurnEvent>;

export interface ScriptedAgent extends Agent {
  /** The next turns go so. */
  script: Script;
  /** What was handed to `submit` and `runEphemeral`, in order. */
  readonly heard: { person: string; text: string; attended?: boolean; model?: string }[];
  readonly decisions: { id: string; decision: Decision }[];
  /** Signals of turns that were begun. */
  readonly signals: AbortSignal[];
  ask(person: string, approval: ApprovalRequest): void;
  /** As if this person had agreed to it for always. */
  grant(person: string, what: string): void;
}

export const usage: TurnEvent = {
  type: "usage",
  inputTokens: 10,
  outputTokens: 2,
  contextTokens: 8192,
};

export async function* sayHello(): AsyncGenerator<TurnEvent> {
  yield { type: "text", text: "Hello" };
  yield { type: "text", text: " there" };
  yield usage;
  yield { type: "done", reason: "stop" };
}

export function createScriptedAgent(deps: { store: Store; hub: Hub }): ScriptedAgent {
  const { store, hub } = deps;
  const running = new Map<string, { turn: string; events: TurnEvent[]; stop: AbortController }>();
  const questions: { person: string; approval: ApprovalRequest }[] = [];
  const granted: [person: string, what: string][] = [];
  const ended: Promise<void>[] = [];

  const feed = createFeed({
    hub,
    sessions: store.sessions,
    isBusy: (session) => running.has(session),
    onFailure: (error) => {
      throw error;
    },
  });
  const keep = async (person: string, message: StoredMessage) => {
    await store.turns.append([message]);
    feed.onMessage(person, message);
  };

  async function play(turn: Turn, text: string, stop: AbortController): Promise<void> {
    const state = { turn: turn.id, events: [] as TurnEvent[], stop };
    running.set(turn.session, state);
    const emit = (event: TurnEvent) => {
      state.events.push(event);
      feed.emit(turn.owner, turn.session, turn.id, event);
    };
    let said = "";
    try {
      for await (const event of agent.script(text, stop.signal)) {
        stop.signal.throwIfAborted();
        if (event.type === "text") said += event.text;
        if (event.type === "done") {
          const id = createId("msg");
          await keep(turn.owner, {
            id,
            session: turn.session,
            turn: turn.id,
            at: Date.now(),
            message: { role: "assistant", text: said, toolCalls: [] },
          });
          await store.turns.setState(turn.id, "done", Date.now());
        }
        emit(event);
      }
    } catch {
      const fault = new Fault("TURN_STOPPED", {}).toJSON();
      await store.turns.setState(turn.id, "stopped", Date.now(), fault);
      emit({ type: "failed", ...fault });
    } finally {
      running.delete(turn.session);
    }
  }

  const agent: ScriptedAgent = {
    script: sayHello,
    heard: [],
    decisions: [],
    signals: [],
    ask: (person, approval) => void questions.push({ person, approval }),
    grant: (person, what) => void granted.push([person, what]),
    submit: async ({ person, session, text, images, key, attended }) => {
      const now = Date.now();
      const id = createId("turn", now);
      const turn: Turn = {
        id,
        session,
        owner: person,
        state: "queued",
        attended,
        createdAt: now,
      };
      const message: StoredMessage = {
        id: createId("msg", now),
        session,
        turn: id,
        at: now,
        message: { role: "user", text, ...(images && { images }) },
      };
      const opened = await store.turns.open(turn, message, key);
      if (!opened.repeated) {
        agent.heard.push({ person, text, attended });
        const stop = new AbortController();
        agent.signals.push(stop.signal);
        feed.onMessage(person, message);
        ended.push(play(turn, text, stop));
      }
      return { session, turn: opened.turn, message: opened.message };
    },
    stop: async (_person, session) => {
      const turn = running.get(session);
      turn?.stop.abort();
      return turn !== undefined;
    },
    isBusy: (session) => running.has(session),
    live: (session) => {
      const turn = running.get(session);
      return turn ? { turn: turn.turn, events: [...turn.events] } : null;
    },
    approvals: (person) =>
      questions.filter((open) => open.person === person).map((open) => open.approval),
    decide: async (person, id, decision) => {
      const open = questions.find((open) => open.person === person && open.approval.id === id);
      if (!open) throw new Fault("NOT_FOUND", { what: "approval", id });
      agent.decisions.push({ id, decision });
    },
    grants: async (person) => granted.filter(([of]) => of === person).map(([, what]) => what),
    forget: async (person, grant) => {
      const at = granted.findIndex(([of, what]) => of === person && what === grant);
      if (at === -1) throw new Fault("NOT_FOUND", { what: "grant", id: grant });
      granted.splice(at, 1);
    },
    resume: async () => ({ turns: 0 }),
    close: async () => {
      for (const turn of running.values()) turn.stop.abort();
      await Promise.all(ended);
    },
    runEphemeral: async (turn, emit, signal) => {
      const text = turn.history.at(-1)?.text ?? "";
      agent.heard.push({
        person: turn.person,
        text,
        ...(turn.model === undefined ? {} : { model: turn.model }),
      });
      agent.signals.push(signal);
      for await (const event of agent.script(text, signal)) emit(event);
    },
  };
  return agent;
}
