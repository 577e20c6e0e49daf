/** What people agreed to for longer than one call: by session in memory, for always in the store. */

import { z } from "zod";

import type { Store } from "../store/store.ts";
import type { Grants } from "../tools/tool.ts";

export interface GrantBook {
  /** Those of one person in one session; "" for a session that is kept nowhere, which has none of its own. */
  of(who: { person: string; session: string }): Promise<Grants>;
  /** What this person agreed to for always, in order. */
  list(person: string): Promise<string[]>;
  /** Holds at once, in sessions too. False when there was none. */
  forget(person: string, what: string): Promise<boolean>;
}

/** Sessions whose grants are remembered; in one that falls out people are asked once more. */
const MAX_SESSIONS = 1_000;

export function createGrantBook(values: Store["values"]): GrantBook {
  const sessions = new Map<string, { person: string; granted: Set<string> }>();
  /** By person, read once. */
  const always = new Map<string, Promise<Set<string>>>();

  const alwaysOf = (person: string): Promise<Set<string>> => {
    const known = always.get(person) ?? read(values, person);
    always.set(person, known);
    known.catch(() => always.delete(person)); // who asked hears of it; the next one tries again
    return known;
  };
  const inSession = (person: string, session: string): Set<string> => {
    const known = sessions.get(session) ?? { person, granted: new Set() };
    sessions.delete(session); // so that it moves to the end
    sessions.set(session, known);
    const [oldest] = sessions.keys();
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    return known.granted;
  };

  return {
    async of({ person, session }) {
      const lasting = await alwaysOf(person);
      return {
        has: (what) => lasting.has(what) || (sessions.get(session)?.granted.has(what) ?? false),
        async add(what, until) {
          if (until === "session") return void inSession(person, session).add(what);
          lasting.add(what);
          await write(values, person, lasting);
        },
      };
    },
    list: async (person) => [...(await alwaysOf(person))].toSorted(),
    async forget(person, what) {
      for (const of of sessions.values()) if (of.person === person) of.granted.delete(what);
      const lasting = await alwaysOf(person);
      if (!lasting.delete(what)) return false;
      await write(values, person, lasting);
      return true;
    },
  };
}

const keyOf = (person: string) => `grants.${person}`;

async function read(values: Store["values"], person: string): Promise<Set<string>> {
  const kept = await values.get(keyOf(person));
  return new Set(kept === undefined ? [] : Kept.parse(JSON.parse(kept)));
}

const write = (values: Store["values"], person: string, granted: ReadonlySet<string>) =>
  values.set(keyOf(person), JSON.stringify([...granted].toSorted()));

const Kept = z.array(z.string());
