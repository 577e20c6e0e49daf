/** Brings one folder up to date through the thread that reads, however often a document ends it. */

import { realpathSync } from "node:fs";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { abortable } from "../base/abortable.ts";
import type { DocumentFolder } from "../store/store.ts";
import type { IndexResult, Progress } from "./letters.ts";
import { type Thread, ThreadLost, toFaultOf } from "./thread.ts";

export interface Reader {
  /** Whether it is being read. */
  isReading(folder: string): boolean;
  /** When it was last begun, by `elapsedMs`; undefined for not yet. */
  lastMs(folder: string): number | undefined;
  /** Throws `DOCUMENTS_BUSY`, `DOCUMENTS_MISSING`, `DOCUMENTS_STOPPED`, or the signal's reason. */
  read(
    folder: DocumentFolder,
    how: { tell: (progress: Progress) => void; gives: "way" | "none" },
    signal: AbortSignal,
  ): Promise<IndexResult>;
  /** Ends what reads it, waits for that, and reads it never again: it is being taken away. */
  forget(folder: string): Promise<void>;
}

/** More documents than one folder has that end a program: something else is wrong. */
const MAX_LOST = 20;

const FOLDER = "folder of documents";

type Running = { stop: AbortController; gives: "way" | "none"; over: Promise<unknown> };

export function createReader(deps: {
  thread: Thread;
  clock: Clock;
  keepOut: readonly string[];
}): Reader {
  const running = new Map<string, Running>();
  const begun = new Map<string, number>();
  const gone = new Set<string>();

  const stop = async (id: string) => {
    const one = running.get(id);
    one?.stop.abort(new Fault("DOCUMENTS_STOPPED", { detail: "somebody stopped it" }));
    await one?.over;
  };

  return {
    isReading: (id) => running.has(id),
    lastMs: (id) => begun.get(id),
    forget: (id) => {
      gone.add(id);
      return stop(id);
    },
    async read(folder, { tell, gives }, signal) {
      // What goes on by itself gives way to a person.
      if (running.get(folder.id)?.gives === "way") await stop(folder.id);
      if (gone.has(folder.id)) throw new Fault("NOT_FOUND", { what: FOLDER, id: folder.name });
      if (running.has(folder.id)) throw new Fault("DOCUMENTS_BUSY", { folder: folder.name });
      const own = new AbortController();
      const ended = Promise.withResolvers<void>();
      running.set(folder.id, { stop: own, gives, over: ended.promise });
      begun.set(folder.id, deps.clock.elapsedMs());
      try {
        const both = AbortSignal.any([signal, own.signal]);
        return await abortable(readAll(deps, folder, tell, both), both);
      } finally {
        running.delete(folder.id);
        ended.resolve();
      }
    },
  };
}

async function readAll(
  { thread, keepOut }: Parameters<typeof createReader>[0],
  { id, path }: DocumentFolder,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<IndexResult> {
  const folder = { id, path };
  const real = keepOut.flatMap(realpathOf);
  for (let lost = 0; ; lost++) {
    try {
      return await thread.run({ kind: "index", folder, keepOut: real }, tell, signal);
    } catch (error) {
      if (!(error instanceof ThreadLost)) throw error;
      if (error.path === undefined || lost >= MAX_LOST) throw toFaultOf(error);
      // The others need not suffer for it: it is left out until it is another file.
      const { path, why } = error;
      await thread.run({ kind: "leave-out", folder, path, why }, tell, signal);
    }
  }
}

function realpathOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return []; // it is not there, so nothing lies in it
  }
}
