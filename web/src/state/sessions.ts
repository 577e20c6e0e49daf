/** The session list: newest first, and in groups by day. Pure. */

import type { SessionSummary } from "../../../src/protocol/event.ts";

export type SessionGroup = {
  age: "today" | "yesterday" | "week" | "older";
  sessions: SessionSummary[];
};

export function withSession(
  sessions: readonly SessionSummary[],
  session: SessionSummary,
): readonly SessionSummary[] {
  return sortSessions([...sessions.filter(({ id }) => id !== session.id), session]);
}

export const withoutSession = (sessions: readonly SessionSummary[], id: string) =>
  sessions.filter((session) => session.id !== id);

export const sortSessions = (sessions: readonly SessionSummary[]) =>
  sessions.toSorted((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? 1 : -1));

/** `now` decides what today is, in the time zone of the person who looks. */
export function groupSessions(sessions: readonly SessionSummary[], now: Date): SessionGroup[] {
  const groups = Map.groupBy(sessions, ({ updatedAt }) => ageOf(new Date(updatedAt), now));
  return Array.from(groups, ([age, sessions]) => ({ age, sessions }));
}

function ageOf(at: Date, now: Date): SessionGroup["age"] {
  // Calendar days, not spans of 24 hours: at eight in the morning, eleven last night was yesterday.
  const daysAgo = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime();
  if (at.getTime() >= daysAgo(0)) return "today";
  if (at.getTime() >= daysAgo(1)) return "yesterday";
  return at.getTime() >= daysAgo(7) ? "week" : "older";
}
