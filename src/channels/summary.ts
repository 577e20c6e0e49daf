import type { SessionSummary } from "../protocol/event.ts";
import type { Session } from "../store/store.ts";

/** A stored session as people see it; who owns it stays inside. */
export const toSummary = (session: Session, busy: boolean): SessionSummary => ({
  id: session.id,
  title: session.title,
  ...(session.model === undefined ? {} : { model: session.model }),
  ...(session.private === undefined ? {} : { private: session.private }),
  createdAt: session.createdAt,
  updatedAt: session.updatedAt,
  busy,
});
