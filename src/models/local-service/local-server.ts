/**
 * One model server that the gateway starts itself: at the first request, waited for until it answers,
 * started anew when it died, and stopped when nobody has asked it for a while.
 */

import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Program, Programs } from "../../process/program.ts";
import type { ServiceCommand } from "./command.ts";
import { createBackOff } from "./back-off.ts";
import { createIdle } from "./idle.ts";
import type { ServiceLog } from "./service-log.ts";

export type LocalServerDeps = {
  id: string;
  command: ServiceCommand;
  programs: Pick<Programs, "start">;
  clock: Clock;
  log: ServiceLog;
  /** Whether something answers at its address as a model server that has started does. */
  isUp(signal: AbortSignal): Promise<boolean>;
  /** It has ended, whoever ended it. */
  onEnd: () => void;
  limits: { readySeconds: number; idleMinutes: number; maxRestarts: number };
};

export type LocalServerState = "stopped" | "starting" | "running" | "elsewhere" | "failed";

export interface LocalServer {
  /**
   * Resolves once it answers. Throws `MODEL_SERVICE_FAILED` with its last words, or the signal's reason;
   * the start goes on then, for the next who asks.
   */
  ensure(onWait: ((text: string) => void) | undefined, signal: AbortSignal): Promise<void>;
  use(): () => void;
  /** Ends it, and forgets how often it died. */
  stop(): Promise<void>;
  readonly state: LocalServerState;
  readonly pid: number | undefined;
}

/** It is asked whether it answers as often as a person would look. */
const LOOK_EVERY_MS = 500;
/** One that somebody else started is not asked at each turn whether it is still there. */
const ELSEWHERE_MS = 5_000;

export function createLocalServer(deps: LocalServerDeps): LocalServer {
  const { id, clock, limits, log } = deps;
  let program: Program | undefined;
  let starting: Promise<void> | undefined;
  let state: LocalServerState = "stopped";
  let startedMs = 0;
  let seenMs = -Infinity;
  let stopping = false;
  const backOff = createBackOff(clock);
  const idle = createIdle(clock, limits.idleMinutes, () => void stop());

  /** Reads what it says to the end, which is its own end. */
  async function drain(own: Program): Promise<void> {
    for await (const { bytes } of own.output) log.write(bytes);
    await own.ended;
    if (program !== own) return;
    program = undefined;
    if (!stopping) backOff.died(clock.elapsedMs() - startedMs);
    state = "stopped";
    idle.end();
    deps.onEnd();
  }

  async function start(): Promise<void> {
    if (stopping) await program?.ended; // it still answers while it ends
    if (await deps.isUp(NEVER)) {
      state = "elsewhere"; // somebody has started it by hand
      seenMs = clock.elapsedMs();
      return;
    }
    try {
      await launchAndWait();
    } catch (error) {
      state = "failed";
      throw error;
    }
    state = "running";
    idle.rest();
  }

  async function launchAndWait(): Promise<void> {
    if (backOff.deaths > limits.maxRestarts)
      throw toFault(id, `it died ${backOff.deaths} times`, log);
    state = "starting";
    await clock.sleep(backOff.pauseMs());
    stopping = false;
    const own = (program = launch(deps));
    startedMs = clock.elapsedMs();
    void drain(own);
    await untilUp(deps, own, () => {
      if (program !== own) return stopping ? "it was stopped" : "it ended while it started";
      return clock.elapsedMs() - startedMs > limits.readySeconds * 1000
        ? `it did not answer within ${limits.readySeconds} s`
        : undefined;
    });
  }

  async function stop(): Promise<void> {
    idle.end();
    backOff.forget();
    const own = program;
    if (own || state === "failed") state = "stopped";
    if (!own) return;
    stopping = true;
    own.end();
    await own.ended;
  }

  const isSettled = () =>
    state === "running" || (state === "elsewhere" && clock.elapsedMs() - seenMs < ELSEWHERE_MS);
  return {
    get state() {
      return state;
    },
    get pid() {
      return program?.pid;
    },
    async ensure(onWait, signal) {
      if (isSettled()) return;
      // Shared by all who ask: one who goes away stops it for nobody.
      starting ??= start().finally(() => (starting = undefined));
      await told(deps, onWait, abortable(starting, signal));
    },
    use: idle.use,
    stop,
  };
}

/** Throws, and ends it, as soon as there is a reason to give up. */
async function untilUp(
  { id, clock, log, isUp }: LocalServerDeps,
  own: Program,
  reasonAgainst: () => string | undefined,
): Promise<void> {
  while (!(await isUp(NEVER))) {
    const reason = reasonAgainst();
    if (reason !== undefined) {
      own.kill();
      throw toFault(id, reason, log);
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function launch({ command: { cwd, ...command }, programs }: LocalServerDeps): Program {
  return programs.start({
    ...command,
    purpose: "models.service",
    endsWithUs: true,
    ...(cwd !== undefined && { cwd }),
  });
}

function toFault(provider: string, what: string, log: ServiceLog): Fault {
  const said = log.last().join("\n    ");
  const detail = said === "" ? what : `${what}; it said last:\n    ${said}`;
  return new Fault("MODEL_SERVICE_FAILED", { provider, detail, log: log.path });
}

const NEVER = new AbortController().signal;

/** Says each second for how long it has been waited. */
async function told(
  { clock, command, id }: LocalServerDeps,
  onWait: ((text: string) => void) | undefined,
  waiting: Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const ended = waiting.finally(() => over.abort());
  const beganMs = clock.elapsedMs();
  const name = (command.command === "bwrap" ? id : command.command).replace(/^.*\//, "");
  const say = async () => {
    for (;;) {
      await clock.sleep(1_000, over.signal); // one that is there already is no news
      onWait?.(`starting ${name}… ${Math.round((clock.elapsedMs() - beganMs) / 1000)} s`);
    }
  };
  say().catch(() => undefined); // the wait is over
  await ended;
}
