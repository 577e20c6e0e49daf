import type { TurnEvent } from "../protocol/event.ts";
import type { Sessions, StoredMessage } from "../store/store.ts";
import { toSessionMessage } from "./history.ts";
import type { Hub } from "./hub.ts";
import { toSummary } from "./summary.ts";

/** What the agent calls when something happens, as the hub carries it. None of these throws. */
export interface Feed {
  emit(person: string, session: string, turn: string, event: TurnEvent): void;
  onMessage(person: string, message: StoredMessage): void;
  onSession(person: string, session: string): void;
}

export function createFeed(deps: {
  hub: Pick<Hub, "publish">;
  sessions: Pick<Sessions, "get">;
  isBusy: (session: string) => boolean;
  /** Of a read that failed; the event is then missing and nothing else. */
  onFailure: (error: unknown) => void;
}): Feed {
  const { hub, sessions, isBusy, onFailure } = deps;
  return {
    emit: (person, session, turn, event) =>
      hub.publish(person, { type: "turn", session, turn, event }),
    onMessage: (person, stored) => {
      const { session, turn } = stored;
      const message = toSessionMessage(stored);
      hub.publish(person, { type: "message", session, turn, message });
    },
    onSession: (person, id) => {
      sessions.get(person, id).then((session) => {
        // One that was deleted meanwhile has had its event.
        if (session)
          hub.publish(person, { type: "session", session: toSummary(session, isBusy(id)) });
      }, onFailure);
    },
  };
}
