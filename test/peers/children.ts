/**
 * The programs that a peer needs: installers, which run to their end, and servers, which run until they
 * are stopped. Each is the head of a process group of its own, so that what it starts ends with it.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Trouble } from "./trouble.ts";

export interface Children {
  /** Runs one program to its end, as slowly as others need. Throws `Trouble` with its last words. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts a server and waits until `url` answers with 200. Throws `Trouble` where it ends before. */
  serve(command: string, args: readonly string[], options: ServeOptions): Promise<void>;
  /** Ends every server and waits for it. May be called twice. */
  stop(): Promise<void>;
}

export type RunOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
};

export type ServeOptions = {
  url: string;
  /** Where its words are kept while it runs. */
  scratch: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

/** Python with a large tree of imports on a busy machine; the others are up in a second or two. */
const UP_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 100;
/** A server that has been told to end has finished its answers by then. */
const END_WITHIN_MS = 5_000;
const LAST_LINES = 12;

export function createChildren(): Children {
  const servers: ChildProcess[] = [];

  return {
    async run(command, args, { cwd, env, signal } = {}) {
      const [program = "", ...rest] = [...gently(), command, ...args];
      const child = spawn(program, rest, {
        ...(cwd && { cwd }),
        env: env ?? process.env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      const end = () => endGroup(child, "SIGTERM");
      signal?.addEventListener("abort", end, { once: true });
      const words: string[] = [];
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => words.push(text));
      }
      const code = await ended(child);
      signal?.removeEventListener("abort", end);
      signal?.throwIfAborted();
      if (code === 0) return words.join("");
      throw new Trouble(
        `\`${[command, ...args].join(" ").slice(0, 200)}\` ended with ${code}:\n${lastLines(words.join(""))}`,
        "look at its last lines above; what was downloaded is kept, so try again once that is mended",
      );
    },

    async serve(command, args, { url, scratch, cwd, env, signal }) {
      const log = join(scratch, `server-${servers.length}.log`);
      const file = openSync(log, "a");
      const [program = "", ...rest] = [...withUs(), command, ...args];
      const child = spawn(program, rest, {
        cwd: cwd ?? scratch,
        env: env ?? process.env,
        stdio: ["ignore", file, file],
        detached: true,
      });
      closeSync(file);
      servers.push(child);
      let code: number | string | undefined;
      void ended(child).then((by) => (code = by));
      const giveUpAt = performance.now() + UP_WITHIN_MS;
      while (!(await answers(url, signal))) {
        signal.throwIfAborted();
        if (code === undefined && performance.now() < giveUpAt) {
          await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
          continue;
        }
        const what = code === undefined ? "does not answer" : `ended with ${code}`;
        throw new Trouble(
          `${command} ${what}:\n${lastLines(readFileSync(log, "utf8"))}`,
          "its last lines are above; `install` brings it anew",
        );
      }
    },

    async stop() {
      await Promise.all(servers.splice(0).map(stopServer));
    },
  };
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false; // nobody listens yet
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  const over = ended(child);
  endGroup(child, "SIGTERM");
  const late = setTimeout(() => endGroup(child, "SIGKILL"), END_WITHIN_MS);
  await over;
  clearTimeout(late);
  endGroup(child, "SIGKILL"); // what it started and did not end itself
}

/** The number of its end or the signal's name; why it could not start, where it could not. */
function ended(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return Promise.resolve(child.exitCode ?? child.signalCode ?? "no start");
  }
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "no reason"));
    child.once("error", ({ message }) => resolve(message));
  });
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Installers compile and unpack for minutes: whoever works on this machine goes first. */
const gently = () => (has("nice") ? ["nice", "-n", "19"] : []);

/** Where we are killed without a word, the kernel tells our servers (Linux; util-linux has the program). */
const withUs = () => (has("setpriv") ? ["setpriv", "--pdeathsig", "TERM"] : []);

const has = (program: string) =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

const lastLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .slice(-LAST_LINES)
    .map((line) => `  ${line.slice(0, 300)}`)
    .join("\n");
