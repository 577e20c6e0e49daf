/**
 * Another model answers than the one that is configured: what people are told of it, and when. It holds for
 * one turn and is written into no session and no config; what is remembered here is only what was said.
 */

import type { Candidate } from "../models/candidate.ts";

export type Note = { code: string; text: string };

export interface StandIns {
  /** Of the first of a route; undefined where the configured one answers or the session knows already. */
  begins(session: string, first: Candidate): Note | undefined;
  /** Of a switch in the middle of a turn: always news. */
  switches(session: string, from: Candidate, to: Candidate, why: string): Note;
  /** The first of a route has answered; a note where another did so in its place before. */
  answered(session: string, first: Candidate): Note | undefined;
}

/** Sessions of which is known what they were told; one that falls out is told once more. */
const MAX_KNOWN = 1_000;

export function createStandIns(): StandIns {
  /** By session: who answered instead of whom. */
  const known = new Map<string, { ref: string; insteadOf: string }>();

  function remember(session: string, ref: string, insteadOf: string): void {
    if (session === "") return; // one that is kept nowhere
    known.delete(session); // so that it moves to the end
    known.set(session, { ref, insteadOf });
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  }

  return {
    begins(session, first) {
      const { ref, insteadOf } = first;
      if (!insteadOf) return undefined;
      const before = known.get(session);
      remember(session, ref, insteadOf.ref);
      if (before?.ref === ref && before.insteadOf === insteadOf.ref) return undefined;
      return switched(first, insteadOf.ref, insteadOf.message);
    },
    switches(session, from, to, why) {
      remember(session, to.ref, known.get(session)?.insteadOf ?? from.ref);
      return switched(to, from.ref, why);
    },
    answered(session, { ref, insteadOf }) {
      const before = known.get(session);
      if (insteadOf || !before) return undefined;
      known.delete(session);
      if (before.insteadOf !== ref) return undefined; // somebody chose another one meanwhile
      return { code: "MODEL_RECOVERED", text: `"${ref}" answers again` };
    },
  };
}

const switched = ({ ref, locality }: Candidate, insteadOf: string, why: string): Note => ({
  code: "MODEL_SWITCHED",
  text: `"${ref}" (${locality}) answers instead of "${insteadOf}" for this turn. ${why}`,
});
