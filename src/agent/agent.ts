import type { MessageAccepted } from "../protocol/api.ts";
import type { ApprovalRequest, Decision, TurnEvent } from "../protocol/event.ts";
import type { Image } from "../protocol/message.ts";

/**
 * Takes turns in stored sessions: appends the message, asks the model, runs tools, until the model stops
 * or a budget ends. One turn at a time in a session, many sessions at once. Everything that happens goes
 * to `emit` (given to `createAgent`) as `(person, session, turn, event)`.
 */
export interface Agent {
  /** Resolves once the message is on disk; the turn goes on by itself. */
  submit(message: {
    person: string;
    session: string;
    text: string;
    images?: readonly Image[];
    key?: string;
    attended: boolean;
  }): Promise<MessageAccepted>;
  /** Ends the running turn and drops those that wait. False when there was none. */
  stop(person: string, session: string): Promise<boolean>;
  isBusy(session: string): boolean;
  /** What the running turn has emitted and the store does not hold yet. */
  live(session: string): { turn: string; events: TurnEvent[] } | null;
  approvals(person: string): ApprovalRequest[];
  /** Throws `NOT_FOUND` when there is no such open question of this person. */
  decide(person: string, id: string, decision: Decision): Promise<void>;
  /** What this person agreed to for always, such as "web:example.org", in order. */
  grants(person: string): Promise<string[]>;
  /** Throws `NOT_FOUND` when this person agreed to no such thing. Holds at once. */
  forget(person: string, grant: string): Promise<void>;
  /** Takes up what a crash or a stop left unfinished. Called once, before the first submit. */
  resume(): Promise<{ turns: number }>;
  /** Lets running turns write what they have, then stops them; they resume at the next start. */
  close(): Promise<void>;

  /**
   * One turn in a session that is kept nowhere: `/v1/chat/completions` without a session. Approvals are
   * denied. The last event is `done` or `failed`; neither comes once the signal is aborted. Never rejects.
   */
  runEphemeral(
    turn: {
      person: string;
      history: {
        role: "user" | "assistant" | "system";
        text: string;
        /** Of a user. */
        images?: readonly Image[];
      }[];
      /** `provider/model`; strict. */
      model?: string;
      /** One of `agents.entries`, whose model and instructions then hold. */
      agent?: string;
    },
    emit: (event: TurnEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
}
