import { Fault } from "../base/fault.ts";
import { isTooDeep } from "../base/json.ts";
import type { Message } from "../protocol/message.ts";
import type { SessionMessage } from "../protocol/event.ts";
import type { StoredMessage, Turn } from "../store/store.ts";

/**
 * A session's stored messages as people read them, with a notice where something was noted, such as that
 * another model answered, and after each turn that ended in a fault or was stopped.
 */
export function toHistory(
  stored: readonly StoredMessage[],
  turns: readonly Turn[],
): SessionMessage[] {
  const notices = new Map(turns.flatMap((turn) => toNotice(turn) ?? []));
  const notes = new Map(turns.map((turn) => [turn.id, toNoted(turn)]));
  const history: SessionMessage[] = [];
  stored.forEach((message, index) => {
    const noted = notes.get(message.turn) ?? [];
    while (noted[0] && noted[0].at < message.at) history.push(...noted.splice(0, 1));
    history.push(toSessionMessage(message));
    if (stored[index + 1]?.turn === message.turn) return;
    history.push(...noted.splice(0), ...[notices.get(message.turn) ?? []].flat());
  });
  return history;
}

/** Each stands before the message that came after it. */
const toNoted = ({ id, notes = [] }: Turn): SessionMessage[] =>
  notes.map(({ code, text, at }, index) => ({
    id: `${id}.note${index + 1}`,
    turn: id,
    at,
    role: "notice",
    code,
    text,
  }));

export function toSessionMessage({ id, turn, at, message }: StoredMessage): SessionMessage {
  return { id, turn, at, ...toShown(message) };
}

type Shown = SessionMessage extends infer M
  ? M extends SessionMessage
    ? Omit<M, "id" | "turn" | "at">
    : never
  : never;

function toShown(message: Message): Shown {
  switch (message.role) {
    case "user":
      return {
        role: "user",
        text: message.text,
        ...(message.images && {
          images: message.images.map(({ name, mediaType }) => ({ name, mediaType })),
        }),
      };
    case "assistant":
      return {
        role: "assistant",
        text: message.text,
        ...(message.reasoning === undefined ? {} : { reasoning: message.reasoning }),
        toolCalls: message.toolCalls.map(({ id, tool, argumentsJson }) => ({
          id,
          tool,
          input: toInput(argumentsJson),
        })),
      };
    case "tool":
      return {
        role: "tool",
        callId: message.callId,
        tool: message.tool,
        ok: message.ok,
        text: message.text,
      };
  }
}

function toInput(argumentsJson: string): unknown {
  if (isTooDeep(argumentsJson)) return argumentsJson;
  try {
    return JSON.parse(argumentsJson);
  } catch {
    // A model may write arguments that are no JSON; people see what it wrote.
    return argumentsJson;
  }
}

function toNotice(turn: Turn): [[string, SessionMessage]] | undefined {
  const stopped = turn.state === "stopped" ? new Fault("TURN_STOPPED", {}).toJSON() : undefined;
  const fault = turn.fault ?? stopped;
  if (!fault) return undefined;
  const at = turn.endedAt ?? turn.createdAt;
  const { code, message: text, fix } = fault;
  return [[turn.id, { id: `${turn.id}.end`, turn: turn.id, at, role: "notice", code, text, fix }]];
}
