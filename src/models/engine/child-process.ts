/** Our end of one child: it is started with a model, asked one request after another, and told when to end. */

import { createLineReader } from "../../base/lines.ts";
import { Fault } from "../../base/fault.ts";
import type { Program, Programs } from "../../process/program.ts";
import { createMailbox, type Mailbox } from "../embedded/mailbox.ts";
import { Answer, type ChatOrder, type Load, type Order } from "./letters.ts";

export type ChildDeps = {
  programs: Pick<Programs, "start">;
  /** What runs it, and its arguments; the model comes by standard input. */
  command: { command: string; args: readonly string[]; env: Readonly<Record<string, string>> };
};

export type Loaded = Extract<Answer, { type: "loaded" }>;

export interface Child {
  /** Throws `MODEL_DAMAGED`, `MODEL_OUT_OF_MEMORY` or `MODEL_ENGINE_BROKEN`. */
  readonly loaded: Promise<Loaded>;
  readonly hasEnded: boolean;
  /**
   * The answers to one request up to `done`. Throws as `loaded` does, `MODEL_CONTEXT_EXCEEDED`,
   * `MODEL_STREAM_CUT`, and the signal's reason at once: the child hears of it at its next token.
   */
  chat(order: ChatOrder, signal: AbortSignal): AsyncIterable<Answer>;
  /** Resolves when it is gone and its memory with it. */
  close(): Promise<void>;
}

/** What a child last said beside its answers; a line of it stands in a fault. */
const KEPT_CHARACTERS = 2_000;

/** Starts a child for `provider`, whose name faults carry, and lets it load. */
export function startChild(deps: ChildDeps, load: Load, provider: string): Child {
  const program = deps.programs.start({
    ...deps.command,
    purpose: "models.engine",
    network: "none",
    endsWithUs: true,
    listens: true,
  });
  const waiting = new Map<number, Mailbox<Answer>>();
  const loading = Promise.withResolvers<Loaded>();
  loading.promise.catch(() => undefined); // whoever asks is told
  let lastId = 0;
  let isLoaded = false;
  let failure: Fault | undefined;
  let isClosed = false;

  const fail = (fault: Fault) => {
    failure ??= fault;
    loading.reject(failure);
    for (const mailbox of waiting.values()) mailbox.fail(failure);
  };
  const send = (order: Order) => program.write(`${JSON.stringify(order)}\n`);

  function hear(answer: Answer): void {
    if (answer.type === "loaded") {
      isLoaded = true;
      loading.resolve(answer);
    } else if (answer.type === "failed" && answer.id === undefined) {
      fail(toFault(answer, load, provider));
      program.kill();
    } else if (answer.id !== undefined) waiting.get(answer.id)?.put(answer);
  }

  const over = listen(program, hear).then((end) => {
    if (isClosed) fail(new Fault("MODEL_STREAM_CUT", { provider }, { cause: "it was unloaded" }));
    else fail(toEndFault(end, { isLoaded, load, provider }));
  });
  send({ order: "load", ...load });

  async function* chat(order: ChatOrder, signal: AbortSignal): AsyncGenerator<Answer> {
    signal.throwIfAborted();
    const id = ++lastId;
    const mailbox = createMailbox<Answer>();
    const abort = () => mailbox.fail(signal.reason);
    let isDone = false;
    waiting.set(id, mailbox);
    signal.addEventListener("abort", abort, { once: true });
    if (failure) mailbox.fail(failure);
    try {
      send({ order: "chat", id, chat: order });
      for await (const answer of mailbox) {
        isDone = answer.type === "done" || answer.type === "failed" || answer.type === "too-long";
        if (answer.type === "failed") throw toFault(answer, load, provider);
        if (answer.type === "too-long") throw tooLong(answer.tokens, load, provider);
        yield answer;
        if (isDone) return;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      waiting.delete(id);
      if (!isDone) send({ order: "stop", id }); // also when the reader goes away
    }
  }

  return {
    loaded: loading.promise,
    get hasEnded() {
      return failure !== undefined;
    },
    chat,
    async close() {
      isClosed = true;
      program.kill(); // it has nothing to save, and libraries take seconds to end when they are asked
      await over;
    },
  };
}

type End = { code: number | null; signal: string | null; said: string };

/** Passes on what it answers, to its end. A line that is no answer is something a library printed. */
async function listen(program: Program, hear: (answer: Answer) => void): Promise<End> {
  const lines = createLineReader();
  let said = "";
  for await (const { from, bytes } of program.output) {
    if (from === "stderr") {
      said = (said + Buffer.from(bytes).toString()).slice(-KEPT_CHARACTERS);
      continue;
    }
    for (const line of lines.read(bytes)) {
      const answer = Answer.safeParse(readJson(line));
      if (answer.success) hear(answer.data);
    }
  }
  const { exitCode, signal } = await program.ended;
  return { code: exitCode, signal, said };
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // printed by a library
  }
}

/** 128 and a signal's number is how a shell says it: the watcher stands between. */
const KILLED = 128 + 9;

function toEndFault(
  { code, signal, said }: End,
  { isLoaded, load, provider }: { isLoaded: boolean; load: Load; provider: string },
): Fault {
  const last = said.trim().split("\n").at(-1) ?? "";
  const how = `its process ended with ${signal ?? code}${last && `: ${last.slice(0, 200)}`}`;
  // Nobody but the system kills it so, when memory runs out.
  if (signal === "SIGKILL" || code === KILLED || /out of memory|bad_alloc/i.test(said)) {
    return new Fault("MODEL_OUT_OF_MEMORY", { provider, detail: how });
  }
  if (!isLoaded) {
    const detail = `the engine did not survive it (${how})`;
    return new Fault("MODEL_DAMAGED", { path: load.path, detail });
  }
  return new Fault("MODEL_STREAM_CUT", { provider }, { cause: new Error(how) });
}

function toFault(
  { cause, detail }: Extract<Answer, { type: "failed" }>,
  { path, gpu }: Load,
  provider: string,
): Fault {
  switch (cause) {
    case "memory":
      return new Fault("MODEL_OUT_OF_MEMORY", { provider, detail });
    case "model":
      return new Fault("MODEL_DAMAGED", { path, detail });
    case "engine":
      return new Fault("MODEL_ENGINE_BROKEN", { gpu, detail });
  }
}

const tooLong = (tokens: number, { contextTokens }: Load, provider: string) =>
  new Fault("MODEL_CONTEXT_EXCEEDED", {
    provider,
    detail: `it is ${tokens} tokens long, and ${contextTokens} is all there is`,
  });
