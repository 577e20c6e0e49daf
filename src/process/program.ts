import type { Worker } from "node:worker_threads";

/**
 * The only door to other programs and threads. Each start says what for and whether it may have a
 * network, and is written to the ledger.
 */
export interface Programs {
  /**
   * Starts a program without a shell. Throws `PROGRAM_MISSING` when there is none of that name, and
   * `PROGRAM_FAILED` when the system does not start it. All of its process group ends when it does.
   * The environment is exactly `env`: nothing of ours leaks in.
   */
  start(program: ProgramStart): Program;
  /** Starts a worker thread that loads the egress guard before anything else. */
  startWorker(worker: WorkerStart): Worker;
}

export type ProgramStart = {
  command: string;
  args: readonly string[];
  /** What for, such as "sandbox.run"; stands in the ledger. */
  purpose: string;
  /** Declared, for the ledger: "none" for a program that gets no network namespace of ours. */
  network: "none" | "host";
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Bytes for standard input; it is closed after them. */
  input?: Uint8Array;
  /** Further descriptors from 3 on: a buffer is given to the program as a readable pipe or file. */
  fds?: readonly Uint8Array[];
  /** Ends the program (its whole process group) with SIGKILL. */
  signal?: AbortSignal;
  /**
   * For one that runs for long: it also ends, within moments, after kill -9 of this process. It has no
   * standard input then unless it `listens`, and `end` asks it to end before it is ended.
   */
  endsWithUs?: boolean;
  /** Its standard input stays open for `write`, instead of `input`; with `endsWithUs` it takes no `fds`. */
  listens?: boolean;
};

export interface Program {
  readonly pid: number;
  /**
   * Both streams as they arrive, to be read once and to the end: a consumer that stops reading blocks the
   * program, one that leaves the loop closes its pipes. (They are sockets: `>/dev/stdout` inside fails.)
   */
  readonly output: AsyncIterable<Output>;
  /** Resolves when the program has ended and its output was drained. Never rejects. */
  readonly ended: Promise<{ exitCode: number | null; signal: string | null }>;
  /** To the standard input of one that was started with `listens`; lost where it has ended. */
  write(bytes: string | Uint8Array): void;
  kill(): void;
  /** Asks one that was started with `endsWithUs` to end, and ends it some seconds later; kills any other. */
  end(): void;
}

export type Output = { from: "stdout" | "stderr"; bytes: Uint8Array };

export type WorkerStart = {
  /** Of a file in this project. */
  url: URL;
  purpose: string;
  data?: unknown;
  /** Old-space limit in MiB. */
  maxHeapMb?: number;
};
