import { Fault } from "../base/fault.ts";

/**
 * The doors that the guard's preload (`src/network/preload.cjs`) leaves in the walls it puts up. Each
 * runs the function it is given, and lets through what that function does synchronously: nothing it
 * starts for later, nothing that runs beside it.
 */
export interface Doors {
  /** Whether the preload stands behind them. Without it (in tests) they let everything through. */
  readonly guarded: boolean;
  /** For a connection whose address was checked. */
  connect<T>(act: () => T): T;
  /** For a question to the system's resolver. */
  resolve<T>(act: () => T): T;
  listen<T>(act: () => T): T;
  /** For a program. */
  start<T>(act: () => T): T;
  /** Hears of everything that was refused from the start of the process on. One listener; the last one counts. */
  watch(listener: (attempt: Attempt) => void): void;
}

/** What went round the guard and was refused: such as a connection, and to where. */
export type Attempt = { kind: string; target: string };

/** The file that puts up the walls; a worker loads it before anything else. */
export const PRELOAD = new URL("../network/preload.cjs", import.meta.url);

/**
 * Takes the doors; the composition root does it, first of all and once in a process. Throws
 * `GUARD_TAKEN` when somebody was faster, and with `strict` `GUARD_MISSING` when there is no preload.
 */
export function takeDoors({ strict }: { strict: boolean }): Doors {
  // The preload is CommonJS and untyped; this is the shape that it promises.
  const take = Reflect.get(process, Symbol.for("isopod.doors")) as
    | (() => Omit<Doors, "guarded"> | undefined)
    | undefined;
  if (!take) {
    if (strict) throw new Fault("GUARD_MISSING", {});
    return openDoors;
  }
  const doors = take();
  if (!doors) throw new Fault("GUARD_TAKEN", {});
  return { guarded: true, ...doors };
}

/** Doors in no wall, for where there is no preload. */
export const openDoors: Doors = {
  guarded: false,
  connect: (act) => act(),
  resolve: (act) => act(),
  listen: (act) => act(),
  start: (act) => act(),
  watch() {},
};
