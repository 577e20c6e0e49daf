import type { TurnEvent } from "../protocol/event.ts";

/** What the running turn has emitted and the store does not hold yet: for who opens a session in the middle. */
export interface Live {
  add(event: TurnEvent): void;
  /** Everything so far belongs to a message that is being stored; call the result once it is. */
  mark(): () => void;
  events(): TurnEvent[];
}

type Kept = { seq: number; event: TurnEvent };

export function createLive(): Live {
  let kept: Kept[] = [];
  let seq = 0;
  let marked = 0;
  return {
    add: (event) => {
      seq += 1;
      const last = kept.at(-1);
      const joined = last && last.seq > marked ? join(last.event, event) : undefined;
      if (last && joined) {
        last.event = joined;
        return;
      }
      // What was waited for has come, and an answered question is none.
      if (last?.event.type === "waiting") kept.pop();
      if (event.type !== "approval-decided") kept.push({ seq, event });
      else kept = kept.filter(({ event: old }) => !isQuestion(old, event.id));
    },
    mark: () => {
      marked = seq;
      const until = seq;
      return () => {
        kept = kept.filter(({ seq, event }) => seq > until || isUnstored(event));
      };
    },
    events: () => kept.map(({ event }) => event),
  };
}

/** Text comes token by token and is shown as one. */
function join(last: TurnEvent, event: TurnEvent): TurnEvent | undefined {
  if (event.type === "text" && last.type === "text") {
    return { type: "text", text: last.text + event.text };
  }
  if (event.type === "reasoning" && last.type === "reasoning") {
    return { type: "reasoning", text: last.text + event.text };
  }
  return undefined;
}

const isQuestion = (event: TurnEvent, id: string): boolean =>
  event.type === "approval" && event.approval.id === id;

/** Notes and open questions stand in no message. */
const isUnstored = ({ type }: TurnEvent): boolean => type === "note" || type === "approval";
