import type { FaultReport } from "../base/fault.ts";
import type { Config } from "../config/config.ts";
import type { Drill } from "../offline/drill/report.ts";
import type { RestoreWords } from "../offline/drill/restored.ts";
import type { Offline } from "../offline/offline.ts";
import type { QueueReport } from "../protocol/api.ts";
import type { Finding } from "../protocol/check.ts";
import type { Status } from "../protocol/event.ts";
import type { Statement } from "../offline/statement/statement.ts";
import type { Proof } from "../offline/prove/report.ts";
import type { Client } from "./client.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Terminal } from "./terminal.ts";

/** One command. Adding one: this shape in `commands/`, its test, a line in `commands.ts`. */
export interface Command {
  /** Such as "models use". */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** In commander's spelling: `<needed>`, `[optional]`, `[many...]`, each with what it is. */
  readonly arguments?: readonly (readonly [spelling: string, meaning: string])[];
  /** One that is "repeatable" comes as a list, of all that were given. */
  readonly options?: readonly (readonly [
    spelling: string,
    meaning: string,
    times?: "repeatable",
  ])[];

  /** How `--json` shows a fault of this command; `{ error }` without it. */
  readonly toJson?: (fault: FaultReport) => unknown;

  /**
   * Returns the exit code: 0 well, 1 the answer is no, 130 interrupted. Throws a `Fault` for what a person
   * can mend; its row in the catalogue has the exit code.
   */
  run(call: Call): Promise<number>;
}

export type Call = {
  args: readonly string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  host: Host;
  terminal: Terminal;
  /** Work that Ctrl-C ends instead of the command; undefined where it did. */
  within: Interrupts["within"];
  signal: AbortSignal;
};

export const defineCommand = (command: Command): Command => command;

/** What `main.ts` hands to the commands: this machine, and ways to a gateway. */
export interface Host {
  readonly version: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;

  /** The running gateway. Throws `GATEWAY_NOT_RUNNING`. */
  connect(signal: AbortSignal): Promise<Client>;
  /** The running gateway, or one of our own in this process for as long as `work` takes. */
  withGateway<T>(work: (client: Client) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Runs a gateway in this process until the signal, or until it is asked to stop. */
  runGateway(options: { onReady: (ready: Ready) => void }, signal: AbortSignal): Promise<void>;
  /** Starts one that outlives this process; resolves when it is ready. */
  startGateway(signal: AbortSignal): Promise<RunningGateway>;
  /** What the state folder says of a running gateway; undefined when none runs, whatever it says. */
  running(): Promise<RunningGateway | undefined>;
  /** Resolves once that process has ended. Throws `GATEWAY_DID_NOT_STOP`. */
  whenStopped(gateway: RunningGateway, signal: AbortSignal): Promise<void>;
  /** Whether the running gateway can answer. Throws `GATEWAY_NOT_RUNNING`, and `AUTH_REFUSED` for a wrong key. */
  checkHealth(
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<{ ok: boolean; reasons: string[]; queues: QueueReport[] }>;

  /** The config in force, or that of a file. */
  config(file?: string): Promise<{ config: Config; file: string; found: boolean }>;
  /** Writes one value into the config file, for a person; the next start uses it. Throws what is wrong with it. */
  editConfig(path: string, value: unknown): Promise<{ file: string }>;
  /** What is carried to machines without the internet; needs no gateway. Throws what is wrong with the config. */
  offline(): Promise<Offline>;

  /** Proves in namespaces of its own that nothing gets out, and keeps what was seen, signed. */
  proveEgress(
    tell: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ proof: Proof; file: string; publicKey: string }>;

  /** Rehearses life without the internet on a machine of its own, and keeps what was seen, signed. */
  drillOffline(
    call: {
      words: RestoreWords;
      tell: (text: string) => void;
      /** Asks the person to switch the network off, and on, where the system makes no namespaces. */
      byHand?: (what: string) => Promise<boolean>;
    },
    signal: AbortSignal,
  ): Promise<{ drill: Drill; file: string; publicKey: string }>;

  /** States what left while a session was there, and keeps it, signed. Throws `STATEMENT_UNWRITABLE`. */
  stateEgress(request: {
    session: { id: string; createdAt: number; updatedAt: number };
    pid: number | undefined;
    out: string | undefined;
  }): Promise<{ statement: Statement; file: string; publicKey: string }>;

  /** Checks that need no gateway. */
  doctor(fix: boolean, signal: AbortSignal): Promise<Finding[]>;
}

export type RunningGateway = { pid: number; url: string; socket: string; startedAt: number };

/** What `gateway run --json` prints in one line. */
export type Ready = {
  url: string;
  pairing: { code: string; url: string };
  status: Status;
  log: string;
};
