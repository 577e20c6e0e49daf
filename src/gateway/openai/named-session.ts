import { createHash } from "node:crypto";

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Hub } from "../../channels/hub.ts";
import { toSummary } from "../../channels/summary.ts";
import type { Session, Sessions } from "../../store/store.ts";

export type NamedSessionDeps = {
  sessions: Pick<Sessions, "get" | "create">;
  hub: Pick<Hub, "publish">;
  clock: Clock;
};

/** Names a program may use; what looks like an id must be one. */
const NAME = /^[\w .:@/+-]{1,100}$/;
const ID = /^ses_/;

/**
 * The session that a person's program calls by a name of its own, made at its first use. The id is made
 * from person and name, so that two requests at once, or after a restart, mean the same session.
 */
export async function openNamedSession(
  { sessions, hub, clock }: NamedSessionDeps,
  person: string,
  name: string,
): Promise<string> {
  if (!NAME.test(name)) {
    throw new Fault("REQUEST_INVALID", {
      where: "header X-Isopod-Session",
      detail: "must be 1 to 100 letters, digits, spaces or any of _ . : @ / + -",
    });
  }
  const id = ID.test(name) ? name : toSessionId(person, name);
  if (await sessions.get(person, id)) return id;
  if (ID.test(name)) throw new Fault("NOT_FOUND", { what: "session", id: name });
  const now = clock.now();
  const session: Session = { id, owner: person, title: name, createdAt: now, updatedAt: now };
  try {
    await sessions.create(session);
  } catch (error) {
    // Another request made it between our look and our write; then it is there now.
    if (await sessions.get(person, id)) return id;
    throw error;
  }
  hub.publish(person, { type: "session", session: toSummary(session, false) });
  return id;
}

/** Hex digits are a subset of what ids are written in; 26 of them, as many as other ids have. */
const toSessionId = (person: string, name: string): string =>
  `ses_${createHash("sha256").update(`${person}\0${name}`).digest("hex").slice(0, 26)}`;
