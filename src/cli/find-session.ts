import { Fault } from "../base/fault.ts";
import type { SessionSummary } from "../protocol/event.ts";
import type { Client } from "./client.ts";

/**
 * One's own session by its id, or by its title where one alone has it. Throws `NOT_FOUND`, and `USAGE` where
 * several have it: what is shown or deleted is never a guess.
 */
export async function findSession(
  client: Pick<Client, "session" | "sessions">,
  wanted: { name: string; command: string },
  signal: AbortSignal,
): Promise<SessionSummary> {
  const { name, command } = wanted;
  const { sessions } = await client.sessions(signal);
  const known = sessions.find(({ id }) => id === name);
  if (known) return known;
  const [titled, ...others] = sessions.filter(({ title }) => title === name);
  if (titled && others.length > 0) {
    const detail = `${others.length + 1} sessions have the title "${name}"; give the id of one`;
    throw new Fault("USAGE", { detail, command });
  }
  return titled ?? (await client.session(name, signal)).session;
}
