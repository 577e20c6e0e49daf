/**
 * Looks at the config file while a gateway runs. What is in force never changes under it: a config that was
 * changed is checked and told, and holds from the next start. So nothing in a file can widen a running
 * gateway, and a broken file cannot stop one.
 */

import type { Clock } from "../base/clock.ts";
import { Fault, type FaultReport } from "../base/fault.ts";
import { readConfigText } from "./config-text.ts";
import { differences } from "./differences.ts";
import type { Config } from "./config.ts";
import type { Setting } from "../protocol/setting.ts";

export type ConfigState =
  | { state: "same" }
  /** It is well and says something else: paths whose values differ. */
  | { state: "changed"; paths: string[] }
  /** It could not be started with. */
  | { state: "broken"; fault: FaultReport };

export interface ConfigWatch {
  /** Reads the file anew. */
  look(): ConfigState;
  close(): void;
}

export type ConfigWatchDeps = {
  /** The file in force, or where it would be. */
  file: string;
  inForce: Config;
  /** Throws a `Fault` for a file that cannot be read at all. */
  load: () => Config;
  settings: readonly Setting[];
  clock: Clock;
  /** Told once for each new state. */
  onChange: (state: ConfigState) => void;
};

/** A person who has saved a file looks at the result within seconds; to read a small file costs nothing. */
const LOOK_MS = 2_000;

export function watchConfig(deps: ConfigWatchDeps): ConfigWatch {
  const stop = new AbortController();
  let told = textOf(deps.file);
  let state: ConfigState = { state: "same" };

  function look(): ConfigState {
    const text = textOf(deps.file);
    if (text === told) return state;
    told = text;
    state = compare(deps);
    deps.onChange(state);
    return state;
  }

  async function watch(): Promise<void> {
    for (;;) {
      await deps.clock.sleep(LOOK_MS, stop.signal);
      look();
    }
  }
  // It is ended by `close` alone, and that rejection has nobody to tell.
  watch().catch(() => undefined);

  return { look, close: () => stop.abort("closed") };
}

function compare({ load, inForce, settings }: ConfigWatchDeps): ConfigState {
  try {
    const next = load();
    const [fault] = next.report.faults;
    if (fault) return { state: "broken", fault };
    const paths = differences(inForce, next, settings);
    return paths.length > 0 ? { state: "changed", paths } : { state: "same" };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { state: "broken", fault: error.toJSON() };
  }
}

/** By its text and not by its time: an editor that saves what was there has changed nothing. */
function textOf(file: string): string | undefined {
  try {
    return readConfigText(file);
  } catch {
    return undefined; // not there, or not readable: `load` says which
  }
}
