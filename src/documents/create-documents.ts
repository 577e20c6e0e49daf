/** The documents of a gateway: which folders there are, what reads them, what searches them. */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { Programs } from "../process/program.ts";
import type { DocumentEvent, DocumentFolderReport } from "../protocol/documents.ts";
import type { DocumentFolder, DocumentFolders } from "../store/store.ts";
import type { Documents } from "./documents.ts";
import type { Embedder } from "./embedder.ts";
import { follow } from "./follow.ts";
import { createFinder } from "./finder.ts";
import { embedFolder } from "./meaning.ts";
import { nameFor, overlapOf, placeOf } from "./place.ts";
import { createReader, type Reader } from "./reader.ts";
import { createThread, type Thread } from "./thread.ts";

export type DocumentsDeps = {
  folders: DocumentFolders;
  programs: Pick<Programs, "startWorker">;
  /** The file of the index. */
  database: string;
  /** Where nothing is read, such as the state folder. */
  keepOut: readonly string[];
  embedder: Embedder;
  clock: Clock;
  log: Pick<Log, "warn">;
  /** How long one document may take to read; a test has less. */
  patienceMs?: number;
};

export function createDocuments(deps: DocumentsDeps): Documents {
  const { folders, clock, embedder, keepOut } = deps;
  const { programs, database, patienceMs } = deps;
  const own = { programs, clock, database, ...(patienceMs !== undefined && { patienceMs }) };
  const reading = createThread({ ...own, purpose: "documents.read" });
  const searching = createThread({ ...own, purpose: "documents.search" });
  const reader = createReader({ thread: reading, clock, keepOut });
  const closing = new AbortController();
  const finder = createFinder({ ...deps, reader, searching, closing: closing.signal });

  const report = async (folder: DocumentFolder, signal: AbortSignal) =>
    toReport(folder, { reader, searching }, signal);

  return {
    async list(person, signal) {
      const all = await folders.list(person);
      const reports = await Promise.all(all.map((folder) => report(folder, signal)));
      return { folders: reports, meaning: await embedder.find(signal) };
    },

    async *add(of, signal) {
      const folder = await admit(deps, of);
      const startedMs = clock.elapsedMs();
      yield* follow<DocumentEvent, DocumentEvent>(async (tell) => {
        const how = {
          gives: "none",
          tell: (it: { doneFiles: number; totalFiles: number }) =>
            tell({ type: "progress", text: "Reading", done: it.doneFiles, total: it.totalFiles }),
        } as const;
        const {
          stopped: _stopped,
          leftOut: _leftOut,
          isCut,
          ...counts
        } = await reader.read(folder, how, signal);
        const warning = await embedFolder({ embedder, thread: reading, folder, tell }, signal);
        const cut = isCut ? new Fault("DOCUMENTS_MANY", { path: folder.path }).toJSON() : undefined;
        const seconds = (clock.elapsedMs() - startedMs) / 1000;
        const more = cut ?? warning;
        return {
          type: "done",
          folder: await report(folder, signal),
          ...counts,
          seconds,
          ...(more && { warning: more }),
        };
      });
    },

    async remove(person, named) {
      const folder = await findFolder(folders, person, named);
      await reader.forget(folder.id);
      await reading.run({ kind: "remove", folder: folder.id }, () => {}, closing.signal);
      await folders.delete(person, folder.id);
      return { name: folder.name, path: folder.path };
    },

    search: ({ person, query, limit }, signal) =>
      finder.search({ person, private: true }, { query, limit }, signal),
    of: (session) => finder.of(session),

    async close() {
      closing.abort(new Fault("DOCUMENTS_STOPPED", { detail: "the gateway is stopping" }));
      await Promise.all([reading.close(), searching.close()]);
    },
  };
}

/** The folder as it was added before, or added now. */
async function admit(
  { folders, keepOut, clock }: DocumentsDeps,
  { person, path, private: isPrivate }: { person: string; path: string; private: boolean },
): Promise<DocumentFolder> {
  const real = await placeOf(path, keepOut);
  const all = await folders.list(person);
  const known = all.find((one) => one.path === real);
  if (known && isPrivate && !known.private) {
    const detail = "it was added for all sessions; take it away first with `isopod docs rm`";
    throw new Fault("DOCUMENTS_REFUSED", { path, detail });
  }
  if (known) return known;
  const other = overlapOf(real, all);
  if (other) throw new Fault("DOCUMENTS_OVERLAP", { path, other: other.path });
  const addedAt = clock.now();
  const id = createId("fol", addedAt);
  const name = nameFor(real, all);
  const folder = { id, owner: person, name, path: real, private: isPrivate, addedAt };
  if (await folders.add(folder)) return folder;
  throw new Fault("DOCUMENTS_BUSY", { folder: name }); // added twice at the same moment
}

async function findFolder(folders: DocumentFolders, person: string, named: string) {
  const all = await folders.list(person);
  const found = all.find(({ id, name, path }) => [id, name, path].includes(named));
  if (!found) throw new Fault("NOT_FOUND", { what: "folder of documents", id: named });
  return found;
}

async function toReport(
  folder: DocumentFolder,
  { reader, searching }: { reader: Reader; searching: Thread },
  signal: AbortSignal,
): Promise<DocumentFolderReport> {
  const { id, name, path, private: isPrivate, addedAt } = folder;
  const known = await searching.run({ kind: "summary", folder: id }, () => {}, signal);
  return { id, name, path, private: isPrivate, addedAt, reading: reader.isReading(id), ...known };
}
