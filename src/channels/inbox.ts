import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Session, Sessions } from "../store/store.ts";
import type { Inbox } from "./channel.ts";
import type { Hub } from "./hub.ts";
import { toSummary } from "./summary.ts";

/** What a first message leaves as the title of a session that nobody named: one line of a phone. */
const TITLE_LENGTH = 60;

export function createInbox(deps: {
  agent: Pick<Agent, "submit" | "stop" | "isBusy">;
  sessions: Pick<Sessions, "get" | "update">;
  hub: Pick<Hub, "publish" | "watch">;
  clock: Clock;
}): Inbox {
  const { agent, sessions, hub, clock } = deps;
  const owned = async (person: string, id: string): Promise<Session> => {
    const session = await sessions.get(person, id);
    if (!session) throw new Fault("NOT_FOUND", { what: "session", id });
    return session;
  };
  return {
    submit: async ({ person, session: id, text, key, attended }) => {
      const session = await owned(person, id);
      const accepted = await agent.submit({
        person,
        session: id,
        text,
        attended,
        ...(key === undefined ? {} : { key }),
      });
      const title = session.title || toTitle(text);
      const updatedAt = clock.now();
      await sessions.update(person, id, { title, updatedAt });
      const changed = { ...session, title, updatedAt };
      hub.publish(person, { type: "session", session: toSummary(changed, agent.isBusy(id)) });
      return accepted;
    },
    stop: async (person, id) => {
      await owned(person, id);
      return agent.stop(person, id);
    },
    watch: (person, listener) => hub.watch(person, listener),
  };
}

/** The first line that says something, cut at a word where there is one. */
export function toTitle(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  const clean = line.replaceAll(/\p{C}/gu, " ").replaceAll(/\s+/g, " ").trim();
  if (clean.length <= TITLE_LENGTH) return clean;
  const cut = clean.slice(0, TITLE_LENGTH);
  const word = cut.lastIndexOf(" ");
  return `${(word > TITLE_LENGTH / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}
