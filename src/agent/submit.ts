/** Takes a message in: on disk first, then it is acknowledged, then its turn runs. */

import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { MessageAccepted } from "../protocol/api.ts";
import type { Session, StoredMessage, Turn } from "../store/store.ts";
import type { Agent } from "./agent.ts";
import type { Parts } from "./parts.ts";
import { listMemories } from "./memory.ts";
import { titleOf } from "./title.ts";
import { contextLines, type Told } from "./turn-context.ts";

/** Messages of one session that may wait: enough for a hasty writer, a stop for a broken client. */
const MAX_WAITING = 20;
/**
 * A session is read whole to be shown and to be gone on with: with more images in it one person's session would
 * take the memory of everybody. Some thirty large photos.
 */
const MAX_BYTES = 128 * 1024 * 1024;
/** Shorter ones are not even counted: it takes a person's life to fill a session with them. */
const LARGE_TEXT = 100_000;
/** Sessions of which is known what they were told; one that falls out is told once more. */
const MAX_TOLD = 1_000;

/** Resolves once message and turn are on disk; then the turn runs, or waits for those before it. */
export async function submit(
  parts: Parts,
  message: Parameters<Agent["submit"]>[0],
): Promise<MessageAccepted> {
  const { deps, lanes } = parts;
  const { person, key } = message;
  const session = await deps.store.sessions.get(person, message.session);
  if (!session) throw new Fault("NOT_FOUND", { what: "session", id: message.session });
  if (lanes.waiting(session.id) >= MAX_WAITING) {
    throw new Fault("TURN_QUEUE_FULL", { limit: MAX_WAITING });
  }
  const isLarge = message.images?.length || message.text.length > LARGE_TEXT;
  if (isLarge && (await deps.store.sessions.sizeBytes(session.id)) > MAX_BYTES) {
    throw new Fault("SESSION_FULL", { limitMb: MAX_BYTES / 1024 / 1024 });
  }
  const now = deps.clock.now();
  const state = stateOf(parts);
  const context = await contextOf(parts, session, state, now);
  const { turn, stored } = opening(session, message, context, now);
  const named = message.text || (message.images?.[0]?.name ?? "");
  const title = session.title.trim() === "" ? { title: titleOf(named) } : {};
  const [opened] = await Promise.all([
    deps.store.turns.open(turn, stored, key),
    deps.store.sessions.update(person, session.id, { ...title, updatedAt: now }),
  ]);
  const accepted = { session: session.id, turn: opened.turn, message: opened.message };
  if (opened.repeated) return accepted;
  remember(parts.told, session.id, state);
  deps.onMessage?.(person, stored);
  const ahead = lanes.add(turn);
  if (ahead > 0) {
    const text = ahead === 1 ? "waits for the answer before it" : `waits for ${ahead} answers`;
    deps.emit(person, session.id, turn.id, { type: "waiting", on: "queue", text });
    deps.onSession?.(person, session.id);
  }
  return accepted;
}

function opening(
  session: Session,
  { person, text, images, attended }: Parameters<Agent["submit"]>[0],
  context: string,
  now: number,
): { turn: Turn; stored: StoredMessage } {
  const turn: Turn = {
    id: createId("turn", now),
    session: session.id,
    owner: person,
    state: "queued",
    attended,
    createdAt: now,
  };
  const message = { role: "user", text, context, ...(images?.length && { images }) } as const;
  const id = createId("msg", now);
  return { turn, stored: { id, session: session.id, turn: turn.id, at: now, message } };
}

function stateOf({ deps }: Parts): Told {
  const choice = deps.sandbox();
  const sandboxOff = choice.ok ? undefined : choice.reason;
  return { mode: deps.mode(), link: deps.link?.(), sandboxOff };
}

/** What is new since the session's last message, for the model. */
async function contextOf(
  { deps, told, minute }: Parts,
  session: Session,
  state: Told,
  now: number,
): Promise<string> {
  // The first message of a session has all memories before it already.
  const isFirst = session.updatedAt === session.createdAt;
  const known = isFirst ? [] : await listMemories(deps.store.memories, memoryOf(session));
  const memories = known.filter(({ at }) => at > session.updatedAt).map(({ text }) => text);
  return contextLines({ ...state, now: minute(now), memories }, told.get(session.id));
}

const memoryOf = ({ owner, private: isPrivate = false }: Session) => ({
  person: owner,
  private: isPrivate,
});

function remember(told: Parts["told"], session: string, state: Told): void {
  told.delete(session); // so that it moves to the end
  told.set(session, state);
  const [oldest] = told.keys();
  if (told.size > MAX_TOLD && oldest !== undefined) told.delete(oldest);
}
