import type { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { createId } from "../../base/ids.ts";
import { SessionCreate, SessionUpdate, type SessionDetail } from "../../protocol/api.ts";
import type { SessionSummary } from "../../protocol/event.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import type { Session, Sessions, Turns } from "../../store/store.ts";
import type { Hub } from "../hub.ts";
import { toSummary } from "../summary.ts";
import { toHistory } from "../history.ts";

export type SessionDeps = {
  agent: Pick<Agent, "isBusy" | "live" | "stop">;
  sessions: Sessions;
  turns: Pick<Turns, "list">;
  hub: Hub;
  clock: Clock;
  /** Throws what keeps this model from answering in such a session. */
  checkModel: (wanted: { picked: string; private: boolean }, signal: AbortSignal) => Promise<void>;
  /** What else a session had may go. Must not throw. */
  onDelete?: ((session: string) => Promise<void>) | undefined;
};

/** Reads of a session that is being written to are tried again so often, then taken as they are. */
const SNAPSHOT_TRIES = 5;

export function sessionRoutes(deps: SessionDeps): Route[] {
  const { agent, sessions, hub, clock, checkModel } = deps;
  const summary = (session: Session) => toSummary(session, agent.isBusy(session.id));
  const published = (person: string, session: Session): SessionSummary => {
    hub.publish(person, { type: "session", session: summary(session) });
    return summary(session);
  };
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions",
      scope: "read",
      handle: async ({ caller }) => ({
        sessions: (await sessions.list(caller.person)).map(summary),
      }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions",
      scope: "chat",
      body: SessionCreate,
      handle: async ({ caller, body, signal }) => {
        const isPrivate = body.private ?? false;
        if (body.model !== undefined) {
          await checkModel({ picked: body.model, private: isPrivate }, signal);
        }
        const now = clock.now();
        const session: Session = {
          id: createId("ses", now),
          owner: caller.person,
          title: body.title ?? "",
          ...(body.model === undefined ? {} : { model: body.model }),
          ...(isPrivate ? { private: true } : {}),
          createdAt: now,
          updatedAt: now,
        };
        await sessions.create(session);
        return published(caller.person, session);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id",
      scope: "read",
      handle: async ({ caller, params }) => readDetail(deps, caller.person, params["id"] ?? ""),
    }),
    defineRoute({
      method: "PATCH",
      path: "/api/sessions/:id",
      scope: "chat",
      body: SessionUpdate,
      handle: async ({ caller, params, body, signal }) => {
        const id = params["id"] ?? "";
        const { private: isPrivate = false } = await readOwned(sessions, caller.person, id);
        if (body.model != null) {
          await checkModel({ picked: body.model, private: isPrivate }, signal);
        }
        await sessions.update(caller.person, id, {
          ...(body.title === undefined ? {} : { title: body.title }),
          ...(body.model === undefined ? {} : { model: body.model }),
          updatedAt: clock.now(),
        });
        return published(caller.person, await readOwned(sessions, caller.person, id));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/sessions/:id",
      scope: "chat",
      handle: async ({ caller, params }) => {
        const id = params["id"] ?? "";
        await readOwned(sessions, caller.person, id);
        await agent.stop(caller.person, id);
        await deleteOwned(deps, caller.person, id);
        hub.publish(caller.person, { type: "session-deleted", session: id });
        return {};
      },
    }),
  ];
}

/**
 * Messages, live events and cursor of one moment. The store is read without a lock, so a message that was
 * written meanwhile makes this read again: else it would stand before the cursor and not in the answer.
 */
async function readDetail(deps: SessionDeps, person: string, id: string): Promise<SessionDetail> {
  const { agent, sessions, turns, hub } = deps;
  for (let attempt = 1; ; attempt += 1) {
    const before = hub.cursor(person);
    const session = await readOwned(sessions, person, id);
    const [stored, ended] = await Promise.all([sessions.messages(id), turns.list(id)]);
    if (attempt < SNAPSHOT_TRIES && hub.changedSince(person, before, id)) continue;
    return {
      session: toSummary(session, agent.isBusy(id)),
      messages: toHistory(stored, ended),
      live: agent.live(id),
      cursor: hub.cursor(person),
    };
  }
}

async function readOwned(sessions: Sessions, person: string, id: string): Promise<Session> {
  const session = await sessions.get(person, id);
  if (!session) throw missing(id);
  return session;
}

async function deleteOwned({ sessions, onDelete }: SessionDeps, person: string, id: string) {
  if (!(await sessions.delete(person, id))) throw missing(id);
  await onDelete?.(id);
}

const missing = (id: string) => new Fault("NOT_FOUND", { what: "session", id });
