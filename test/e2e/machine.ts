/**
 * A person's machine, as small as can be: a home of its own, nothing in the environment but what a login
 * gives, and real processes of `bin/isopod.cjs`. Everything that was started is ended by its pid.
 */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createClient, type Client } from "./client.ts";

export const ROOT = join(import.meta.dirname, "../..");
const LAUNCHER = join(ROOT, "bin/isopod.cjs");

/** Nothing here takes a tenth of it; a test that hangs must end with what was said until then. */
const PATIENCE_MS = 45_000;

export type Ran = { code: number | null; signal: string | null; stdout: string; stderr: string };

export type RunOptions = {
  input?: string;
  env?: Record<string, string>;
  /** Words before the command, such as those that enter a namespace. */
  enter?: readonly string[];
  /** For one that takes longer than everything else. */
  patienceMs?: number;
  /** The words that start Node. */
  node?: readonly string[];
};

export interface Started {
  readonly pid: number;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<Ran>;
  /** The first line of standard output that fits; fails when the process ends without one. */
  line(fits: (line: string) => boolean): Promise<string>;
  /** Resolves once its output has this in it. */
  says(text: string): Promise<void>;
  /** The first event of `chat --json` of this type. */
  event(type: string): Promise<Record<string, unknown>>;
  kill(signal: NodeJS.Signals): void;
}

export interface Gateway extends Started {
  readonly url: string;
  readonly ready: Record<string, unknown>;
  readonly client: Client;
  /** Ends it as a service manager would, and asserts that it ends well. */
  stop(): Promise<void>;
  /** Kill -9. */
  murder(): Promise<void>;
}

export interface Machine {
  readonly home: string;
  readonly workspace: string;
  readonly env: Record<string, string>;
  path(...names: string[]): string;
  config(value: object | string): void;
  key(): string;
  /** Runs a command to its end. Whatever happens, no stack trace may be shown. */
  isopod(words: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, asserting that it ended with this code; its standard output as JSON lines. */
  json(code: number, words: readonly string[], options?: RunOptions): Promise<Json[]>;
  start(words: readonly string[], options?: RunOptions): Started;
  gateway(options?: RunOptions): Promise<Gateway>;
  /** For a gateway that was started in the background. */
  client(): Client;
}

export type Json = Record<string, unknown>;

type Owner = { after(work: () => unknown): void };

export function createMachine(
  owner: Owner,
  options: {
    config?: object | string;
    env?: Record<string, string>;
    enter?: readonly string[];
  } = {},
): Machine {
  const home = mkdtempSync(join(tmpdir(), "isopod-e2e-"));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const env = {
    PATH,
    HOME: home,
    ISOPOD_HOME: home,
    ISOPOD_GATEWAY_PORT: "0",
    ...options.env,
  };
  const running = new Set<ChildProcess>();
  owner.after(async () => {
    endBackground(home);
    await Promise.all([...running].map(end));
    rmSync(home, { recursive: true, force: true });
  });

  const start = (words: readonly string[], more: RunOptions = {}): Started => {
    const enter = more.enter ?? options.enter ?? [];
    const node = more.node ?? [process.execPath];
    const [program = "", ...args] = [...enter, ...node, LAUNCHER, ...words];
    const child = spawn(program, args, { cwd: home, env: { ...env, ...more.env } });
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.stdin.on("error", () => {}); // it may end without having read
    child.stdin.end(more.input ?? "");
    return watch(child, words.join(" "), more.patienceMs);
  };

  const machine: Machine = {
    home,
    workspace: join(home, "workspace"),
    env,
    path: (...names) => join(home, ...names),
    config: (value) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      writeFileSync(join(home, "isopod.json"), text);
    },
    key: () => readFileSync(join(home, "admin.key"), "utf8").trim(),
    start,
    async isopod(words, more) {
      const ran = await start(words, more).ended;
      assertPlain(ran);
      return ran;
    },
    async json(code, words, more) {
      const ran = await machine.isopod(words, more);
      assert.equal(ran.code, code, `isopod ${words.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
      return toJson(ran.stdout);
    },
    client: () => createClient({ socketPath: join(home, "gateway.sock") }, machine.key()),
    async gateway(more) {
      const started = start(["gateway", "run", "--json"], more);
      const ready = JSON.parse(await started.line((line) => line.startsWith('{"ready"'))) as Json;
      return {
        ...started,
        ready,
        url: String(ready["url"]),
        client: machine.client(),
        async stop() {
          started.kill("SIGTERM");
          const ran = await started.ended;
          assertPlain(ran);
          assert.deepEqual([ran.code, ran.stderr], [0, ""], ran.stderr);
        },
        async murder() {
          started.kill("SIGKILL");
          await started.ended;
        },
      };
    },
  };
  if (options.config !== undefined) machine.config(options.config);
  return machine;
}

/** What a person sees is words: never a stack, never a warning of Node's. */
export function assertPlain({ stdout, stderr }: Ran): void {
  for (const text of [stdout, stderr]) {
    assert.doesNotMatch(
      text,
      /^\s+at .*(?:file:|node:|\.[cm]?[jt]s:\d)|node:internal|UnhandledPromise|Warning:/m,
      text,
    );
  }
}

export const toJson = (text: string): Json[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);

/** All that was said as text in the events of a turn. */
export const textOf = (events: readonly Json[]): string =>
  events
    .filter(({ type }) => type === "text")
    .map(({ text }) => String(text))
    .join("");

export const ofType = (events: readonly Json[], type: string): Json[] =>
  events.filter((event) => event["type"] === type);

/** Follows what a process says, up to its end. */
export function watch(child: ChildProcess, what: string, patienceMs = PATIENCE_MS): Started {
  const said = { stdout: "", stderr: "" };
  const { promise: ended, resolve } = Promise.withResolvers<Ran>();
  let isOver = false;
  const wakers = new Set<() => void>();
  const wake = () => wakers.forEach((waker) => waker());
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      wake();
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  child.once("error", (error) => (said.stderr += String(error)));
  child.once("close", (code, signal) => {
    clearTimeout(timer);
    isOver = true;
    resolve({ code, signal, ...said });
    wake();
  });
  /** Looks again whenever something was said. */
  const find = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (isOver) throw new Error(`"${what}" ended too soon:\n${said.stdout}\n${said.stderr}`);
      await new Promise<void>((resolve) => wakers.add(resolve));
      wakers.clear();
    }
  };
  const line: Started["line"] = (fits) =>
    find(() => said.stdout.split("\n").slice(0, -1).find(fits));
  return {
    pid: child.pid ?? -1,
    said,
    ended,
    line,
    says: async (text) => void (await find(() => said.stdout.includes(text) || undefined)),
    event: async (type) =>
      JSON.parse(await line((text) => text.startsWith(`{"type":"${type}"`))) as Json,
    kill: (signal) => void child.kill(signal),
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.kill("SIGKILL");
  });
}

/** A gateway that `gateway start` left behind, by the pid that stands in its state folder. */
function endBackground(home: string): void {
  const note = join(home, "gateway.json");
  if (!existsSync(note)) return;
  const { pid } = JSON.parse(readFileSync(note, "utf8")) as { pid: number };
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
