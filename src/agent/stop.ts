import { Fault } from "../base/fault.ts";
import type { Parts } from "./parts.ts";

/** How long a stop waits for a tool that does not listen; the tool is ended, its turn ends when it is. */
const STOP_MS = 5_000;

/** Ends what runs in a session and drops what waits. False when there was nothing of this person. */
export async function stop(parts: Parts, person: string, session: string): Promise<boolean> {
  const { deps, lanes } = parts;
  if (lanes.running(session)?.owner !== person) return false;
  const reason = new Fault("TURN_STOPPED", {});
  const { waiting, ended } = lanes.stop(session, reason);
  const at = deps.clock.now();
  const stopped = waiting.map((turn) =>
    deps.store.turns.setState(turn.id, "stopped", at, reason.toJSON()),
  );
  await Promise.all(stopped);
  for (const { id } of waiting)
    deps.emit(person, session, id, { type: "failed", ...reason.toJSON() });
  await Promise.race([ended, deps.clock.sleep(STOP_MS)]);
  return true;
}
