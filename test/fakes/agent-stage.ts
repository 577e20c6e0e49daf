/** All that an agent stands on, in memory: the real store, a scripted model, and tools that count. */

import { createHash } from "node:crypto";

import { z } from "zod";

import { createAgent } from "../../src/agent/create-agent.ts";
import type { AgentDeps } from "../../src/agent/parts.ts";
import { agentSettings } from "../../src/agent/settings.ts";
import type { Clock } from "../../src/base/clock.ts";
import { Fault } from "../../src/base/fault.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Candidate } from "../../src/models/candidate.ts";
import type { Image } from "../../src/protocol/message.ts";
import type { TurnEvent } from "../../src/protocol/event.ts";
import { createStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { defineTool, type Tool } from "../../src/tools/tool.ts";
import type { Workspace } from "../../src/tools/workspace.ts";
import { createScriptedModel } from "./scripted-model.ts";

export const PERSON = "per_test";
export const SESSION = "ses_test";

/** Friday, 21 November 2025, 10:29:00 UTC. */
export const START = Date.UTC(2025, 10, 21, 10, 29);

export type ManualClock = Clock & { advance(ms: number): void };

/** Moves only when told to; what sleeps until then wakes in order. */
export function createManualClock(now = START): ManualClock {
  let elapsed = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now + elapsed,
    elapsedMs: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { at: elapsed + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          reject(signal.reason);
        });
      }),
    advance: (ms) => {
      elapsed += ms;
      const due = sleepers.filter(({ at }) => at <= elapsed);
      sleepers = sleepers.filter(({ at }) => at > elapsed);
      for (const { wake } of due) wake();
    },
  };
}

/** Files by path. `write` is what tools do; `files` is what a test does behind their back. */
export function createMemoryWorkspace(files = new Map<string, string>()): Workspace & {
  files: Map<string, string>;
} {
  const unused = () => Promise.reject(new Error("not in this fake"));
  return {
    root: "/workspace",
    files,
    open: () => Promise.reject(new Fault("PATH_OUTSIDE_WORKSPACE", { path: "" })),
    write: unused,
    walk: async function* () {},
    digest: async (path) => {
      const content = files.get(path);
      return content === undefined ? "absent" : createHash("sha256").update(content).digest("hex");
    },
  };
}

const note = z.object({ path: z.string(), content: z.string() });

/** Tools whose every effect is counted by what it did. */
export function createCountingTools(workspace: ReturnType<typeof createMemoryWorkspace>) {
  const effects: string[] = [];
  const { files } = workspace;
  const tools: Tool[] = [
    defineTool({
      name: "read",
      description: "Reads a file.",
      effect: "none",
      input: z.object({ path: z.string() }),
      run: async ({ path }) => files.get(path) ?? `There is no ${path}`,
    }),
    defineTool({
      name: "write",
      description: "Writes a file.",
      effect: "write",
      input: note,
      before: async ({ path }) => workspace.digest(path),
      reconcile: async ({ path, content }, before) => {
        const now = await workspace.digest(path);
        if (now === createHash("sha256").update(content).digest("hex")) return "yes";
        return now === before ? "no" : "unknown";
      },
      run: async ({ path, content }) => {
        effects.push(`write ${path} ${content}`);
        files.set(path, content);
        return `Wrote ${path}`;
      },
    }),
    defineTool({
      name: "run",
      description: "Runs a command.",
      effect: "run",
      input: z.object({ command: z.string() }),
      asks: ({ command }) => (command.startsWith("ask ") ? "It wants to be asked" : undefined),
      run: async ({ command }) => {
        effects.push(`run ${command}`);
        return `ran ${command}`;
      },
    }),
  ] as Tool[]; // each is a Tool of its own input
  return { tools, effects };
}

export type Seen = { session: string; turn: string; event: TurnEvent };

export type StageOptions = {
  candidates: readonly Candidate[];
  store?: Store;
  clock?: Clock;
  tools?: readonly Tool[];
  workspace?: Workspace;
  settings?: object;
  deps?: Partial<AgentDeps>;
};

export async function createStage(options: StageOptions) {
  const clock = options.clock ?? createManualClock();
  const store = options.store ?? (await createStore({ folder: ":memory:", clock }));
  if (!(await store.sessions.get(PERSON, SESSION))) await addSession(store, clock);
  const workspace = options.workspace ?? createMemoryWorkspace();
  const seen: Seen[] = [];
  const waiters: (() => void)[] = [];
  const bugs: object[] = [];
  const agent = createAgent({
    store,
    router: { route: async () => [...options.candidates] },
    tools: options.tools ?? [],
    workspace,
    privateWorkspace: async () => workspace,
    sandbox: () => ({ ok: false, reason: "tests have none", fix: "", tried: [] }),
    mode: () => "private",
    settings: agentSettings.schema.parse(options.settings ?? {}),
    timeZone: "Europe/Berlin",
    clock,
    log: { ...silentLog, error: (facts) => void bugs.push(facts) },
    emit: (_person, session, turn, event) => {
      seen.push({ session, turn, event });
      for (const wake of waiters.splice(0)) wake();
    },
    ...options.deps,
  });
  /** Resolves with the first event that fits, also one that was. */
  const until = async (fits: (seen: Seen) => boolean): Promise<Seen> => {
    for (;;) {
      const found = seen.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => waiters.push(resolve));
    }
  };
  /** Sends a message and resolves once its turn is over. */
  const say = async (text: string, attended = true, images: readonly Image[] = []) => {
    const message = { person: PERSON, session: SESSION, text, attended };
    const sent = await agent.submit(images.length > 0 ? { ...message, images } : message);
    await until(({ turn, event }) => turn === sent.turn && isEnd(event));
    return sent;
  };
  return {
    agent,
    store,
    clock,
    workspace,
    seen,
    /** What was logged as an error. */
    bugs,
    until,
    say,
    events: (turn?: string) =>
      seen.filter((one) => turn === undefined || one.turn === turn).map(({ event }) => event),
    messages: async () => (await store.sessions.messages(SESSION)).map(({ message }) => message),
  };
}

/** A stage with counting tools and this script. */
export async function createPlay(
  script: Parameters<typeof createScriptedModel>[0],
  settings: object = {},
  more: readonly Candidate[] = [],
) {
  const workspace = createMemoryWorkspace();
  const { tools, effects } = createCountingTools(workspace);
  const { candidate, requests } = createScriptedModel(script);
  const candidates = [candidate, ...more];
  const stage = await createStage({ candidates, tools, workspace, settings });
  return { ...stage, effects, requests, files: workspace.files };
}

export const results = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === "tool-result" ? [event] : []));
export const failure = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === "failed" ? [event.code] : []));
export const notes = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === "note" ? [event.code] : []));

export const isEnd = ({ type }: TurnEvent): boolean => type === "done" || type === "failed";

export async function addSession(store: Store, clock: Clock, id = SESSION): Promise<void> {
  const at = clock.now();
  if (!(await store.auth.person(PERSON))) {
    await store.auth.addPerson({ id: PERSON, name: "Kim", role: "owner", createdAt: at });
  }
  await store.sessions.create({ id, owner: PERSON, title: "", createdAt: at, updatedAt: at });
}
