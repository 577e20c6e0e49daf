/**
 * This machine, as the commands see it. Everything heavy comes through `parts`, loaded when a command
 * first needs it: `isopod --version` builds nothing.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Fault, ReportedFault } from "../base/fault.ts";
import type { Config } from "../config/config.ts";
import type { Offline } from "../offline/offline.ts";
import type { Finding } from "../protocol/check.ts";
import { refuseShared } from "../store/lock.ts";
import { type Client, createClient, type Send } from "./client.ts";
import type { Host, Ready, RunningGateway } from "./command.ts";

export type HostParts = {
  version: string;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Opens a whole gateway in this process. */
  open(options: { listen: boolean }): Promise<OpenGateway>;
  /** Speaks HTTP to a gateway, over TCP or a Unix socket. */
  dial(target: string): Promise<Send>;
  loadConfig(file?: string): Promise<{ config: Config; file: string; found: boolean }>;
  editConfig(path: string, value: unknown): Promise<{ file: string }>;
  openOffline(): Promise<Offline>;
  proveEgress: Host["proveEgress"];
  drillOffline: Host["drillOffline"];
  stateEgress: Host["stateEgress"];
  /** Starts `isopod gateway run --json` so that it outlives this process; `ended` is what it said before it died. */
  startBackground(): Promise<{ ended: Promise<string> }>;
};

/** A gateway that runs in this process. */
export interface OpenGateway {
  readonly send: Send;
  readonly key: string;
  readonly ready: Ready;
  /** Resolves when somebody with the right asks the gateway to stop. */
  readonly stopRequested: Promise<void>;
  close(): Promise<void>;
}

/** A first start on a slow disk has been seen to take 10 s; a healthy one takes under 1 s. */
const START_SECONDS = 30;
/** Running turns write what they have before the end: longer than any tool is let run on. */
const STOP_SECONDS = 20;
const POLL_MS = 50;
/** Who has the state folder and does not serve is another command with a turn of its own, or a gateway that starts. */
const LOCK_SECONDS = 30;
const LOCK_POLL_MS = 250;

export function createHost(parts: HostParts): Host {
  const { home } = parts;
  const running = async () => {
    const gateway = readRunning(home);
    if (!gateway) return undefined;
    return (await isAnswered(await parts.dial(gateway.socket))) ? gateway : undefined;
  };

  const dial = async ({ url, socket }: RunningGateway, key: string): Promise<Client> =>
    createClient(translating(await parts.dial(socket), url), { address: url, key });

  const connect = async (given?: string): Promise<Client> => {
    const gateway = await running();
    if (!gateway) throw new Fault("GATEWAY_NOT_RUNNING", { home });
    return dial(gateway, given ?? readKey(home)); // a home without a gateway may have no key yet
  };

  const withOwn = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const gateway = await parts.open({ listen: false });
    try {
      return await work(createClient(gateway.send, { address: "this process", key: gateway.key }));
    } finally {
      await gateway.close();
    }
  };

  /** Waits for commands that hold the state themselves for as long as they run; a gateway holds it for good. */
  const openOnceFree = async (signal: AbortSignal): Promise<OpenGateway> => {
    for (let left = LOCK_SECONDS * 1000; ; left -= LOCK_POLL_MS) {
      try {
        return await parts.open({ listen: true });
      } catch (error) {
        if (!isLocked(error) || left <= 0 || (await running())) throw error;
      }
      await pause(LOCK_POLL_MS, undefined, { signal });
    }
  };

  return {
    version: parts.version,
    home,
    env: parts.env,
    running,
    connect: () => connect(),
    config: parts.loadConfig,
    editConfig: parts.editConfig,
    offline: parts.openOffline,
    proveEgress: parts.proveEgress,
    drillOffline: parts.drillOffline,
    stateEgress: parts.stateEgress,

    async withGateway(work, signal) {
      for (let left = LOCK_SECONDS * 1000; ; left -= LOCK_POLL_MS) {
        const gateway = await running();
        if (gateway) return work(await dial(gateway, readKey(home)));
        try {
          return await withOwn(work);
        } catch (error) {
          if (!isLocked(error) || left <= 0) throw error;
        }
        await pause(LOCK_POLL_MS, undefined, { signal });
      }
    },

    checkHealth: async (key, signal) => (await connect(key)).health(signal),
    startGateway: (signal) => startGateway(parts, running, signal),
    whenStopped: ({ pid }, signal) => whenStopped(pid, signal),

    async runGateway({ onReady }, signal) {
      const gateway = await openOnceFree(signal);
      try {
        onReady(gateway.ready);
        await Promise.race([gateway.stopRequested, aborted(signal)]);
      } finally {
        await gateway.close();
      }
    },

    async doctor(fix, signal) {
      const look = async (client: Client) => (await client.doctor(fix, signal)).findings;
      if (await running()) return look(await connect());
      try {
        return await withOwn(look);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return [cannotStart(error)];
      }
    },
  };
}

const isLocked = (error: unknown) => error instanceof Fault && error.code === "STORE_LOCKED";

async function startGateway(
  { home, startBackground }: HostParts,
  running: Host["running"],
  signal: AbortSignal,
): Promise<RunningGateway> {
  const { ended } = await startBackground();
  let words: string | undefined;
  void ended.then((said) => (words = said));
  for (let left = START_SECONDS * 1000; left > 0; left -= POLL_MS) {
    const gateway = await running();
    if (gateway) return gateway;
    if (words !== undefined) throw lastFault(words) ?? notStarted(home);
    await pause(POLL_MS, undefined, { signal });
  }
  throw notStarted(home);
}

const notStarted = (home: string) =>
  new Fault("GATEWAY_DID_NOT_START", { seconds: START_SECONDS, log: join(home, "gateway.log") });

/** The fault among the lines that a gateway left when it died: its own words are better than ours. */
function lastFault(words: string): ReportedFault | undefined {
  for (const line of words.split("\n").toReversed()) {
    try {
      const fault = ReportedFault.from(JSON.parse(line));
      if (fault) return fault;
    } catch {
      // not one of its JSON lines
    }
  }
  return undefined;
}

async function whenStopped(pid: number, signal: AbortSignal): Promise<void> {
  for (let left = STOP_SECONDS * 1000; isAlive(pid); left -= POLL_MS) {
    if (left <= 0) throw new Fault("GATEWAY_DID_NOT_STOP", { pid, seconds: STOP_SECONDS });
    await pause(POLL_MS, undefined, { signal });
  }
}

/** What keeps a gateway from starting at all is the one finding there can be. */
const cannotStart = (fault: Fault): Finding => ({
  code: "gateway.starts",
  title: "The gateway can start",
  state: "failed",
  detail: fault.message,
  fault: fault.toJSON(),
  fixable: false,
});

/**
 * The address a gateway left in the state folder, where that process still lives. In a folder that others
 * can write it may be anybody's: the key would go there.
 */
function readRunning(home: string): RunningGateway | undefined {
  try {
    refuseShared(home);
    const gateway = JSON.parse(readFileSync(join(home, "gateway.json"), "utf8")) as RunningGateway; // our own file
    return isAlive(gateway.pid) ? gateway : undefined;
  } catch {
    return undefined; // no file, or a half-written one of a crash; what is wrong with the folder, its start says
  }
}

/** A gateway that is busy or stuck answers late; what only listens is one all the same. */
const ANSWER_MS = 2_000;

/** After kill -9 and a restart of the machine the number in the note is another program's by now. */
async function isAnswered(send: Send): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const { body } = await send({ method: "GET", path: "/healthz", headers: {}, signal });
    for await (const _ of body); // so that the connection can be used again
    return true;
  } catch (error) {
    const { code } = Object(error) as { code?: unknown };
    return code !== "ECONNREFUSED" && code !== "ENOENT"; // anything else is told by what is asked next
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (Object(error) as { code?: unknown }).code === "EPERM"; // somebody else's process is alive, too
  }
}

function readKey(home: string): string {
  const file = join(home, "admin.key");
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("ADMIN_KEY_UNREADABLE", { file, detail }, { cause });
  }
}

/** What the way to a gateway throws becomes a fault; its own faults and aborts pass. */
const translating =
  (send: Send, address: string): Send =>
  async (request) => {
    try {
      return await send(request);
    } catch (cause) {
      if (cause instanceof Fault || cause instanceof ReportedFault || request.signal.aborted)
        throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new Fault("GATEWAY_SILENT", { address, detail }, { cause });
    }
  };

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
