/**
 * One model server that the gateway starts itself: at the first request, waited for until it answers,
 * started anew when it died, and stopped when nobody has asked it for a while.
 */

import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Program, Programs } from "../../process/program.ts";
import type { ServiceCommand } from "./command.ts";
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
/** After a death: 1 s, 2 s, 4 s, … up to half a minute. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** One that ran so long has not died of its start: it counts from the beginning again. */
const HEALTHY_MS = 600_000;
/** One that somebody else started is not asked at each turn whether it is still there. */
const ELSEWHERE_MS = 5_000;

export function createLocalServer(deps: LocalServerDeps): LocalServer {
  const { id, clock, limits } = deps;
  let program: Program | undefined;
  let starting: Promise<void> | undefined;
  let state: LocalServerState = "stopped";
  let startedMs = 0;
  let seenMs = -Infinity;
  let deaths = { count: 0, atMs: 0 };
  let stopping = false;
  let uses = 0;
  let idle = new AbortController();

  const failed = (detail: string) => {
    state = "failed";
    const said = deps.log.last().join("\n    ");
    const full = said === "" ? detail : `${detail}; it said last:\n    ${said}`;
    return new Fault("MODEL_SERVICE_FAILED", { provider: id, detail: full, log: deps.log.path });
  };

  function launch(): Program {
    const { command, args, env, cwd, network } = deps.command;
    const started = deps.programs.start({
      command,
      args,
      env,
      network,
      purpose: "models.service",
      endsWithUs: true,
      ...(cwd !== undefined && { cwd }),
    });
    startedMs = clock.elapsedMs();
    void drain(started);
    return started;
  }

  /** Reads what it says to the end, which is its own end. */
  async function drain(own: Program): Promise<void> {
    for await (const { bytes } of own.output) deps.log.write(bytes);
    await own.ended;
    if (program !== own) return;
    program = undefined;
    const nowMs = clock.elapsedMs();
    const ranWell = nowMs - startedMs >= HEALTHY_MS;
    if (!stopping) deaths = { count: ranWell ? 1 : deaths.count + 1, atMs: nowMs };
    state = "stopped";
    deps.onEnd();
  }

  async function start(): Promise<void> {
    if (await deps.isUp(NEVER)) {
      state = "elsewhere"; // somebody has started it by hand
      seenMs = clock.elapsedMs();
      return;
    }
    if (deaths.count > limits.maxRestarts) throw failed(`it died ${deaths.count} times`);
    state = "starting";
    const pauseMs =
      deaths.count === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (deaths.count - 1), MAX_PAUSE_MS);
    const waitMs = deaths.atMs + pauseMs - clock.elapsedMs();
    if (waitMs > 0) await clock.sleep(waitMs);
    stopping = false;
    const own = (program = launch());
    while (!(await deps.isUp(NEVER))) {
      if (program !== own) throw failed(stopping ? "it was stopped" : "it ended while it started");
      if (clock.elapsedMs() - startedMs > limits.readySeconds * 1000) {
        own.kill();
        throw failed(`it did not answer within ${limits.readySeconds} s`);
      }
      await clock.sleep(LOOK_EVERY_MS);
    }
    state = "running";
    restIfIdle();
  }

  function restIfIdle(): void {
    idle.abort();
    if (uses > 0 || !program || limits.idleMinutes === 0) return;
    idle = new AbortController();
    clock.sleep(limits.idleMinutes * 60_000, idle.signal).then(stop, () => undefined); // used again
  }

  async function stop(): Promise<void> {
    idle.abort();
    deaths = { count: 0, atMs: 0 };
    const own = program;
    if (!own) return;
    stopping = true;
    own.end();
    await own.ended;
  }

  const isSettled = () =>
    (state === "running" && program !== undefined) ||
    (state === "elsewhere" && clock.elapsedMs() - seenMs < ELSEWHERE_MS);

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
      starting.catch(() => undefined);
      const over = new AbortController();
      void tell(deps, onWait, over.signal);
      try {
        await abortable(starting, signal);
      } finally {
        over.abort();
      }
    },
    use() {
      uses += 1;
      idle.abort();
      return () => {
        uses -= 1;
        restIfIdle();
      };
    },
    stop,
  };
}

const NEVER = new AbortController().signal;

/** Says each second for how long it has been waited. */
async function tell(
  { clock, command, id }: LocalServerDeps,
  onWait: ((text: string) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!onWait) return;
  const beganMs = clock.elapsedMs();
  const name = (command.command === "bwrap" ? id : command.command).replace(/^.*\//, "");
  try {
    for (;;) {
      await clock.sleep(1_000, signal); // one that is there already is no news
      onWait(`starting ${name}… ${Math.round((clock.elapsedMs() - beganMs) / 1000)} s`);
    }
  } catch {
    // The wait is over.
  }
}
