/** Answers questions about a person's documents, and has what changed in them read again beside that. */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { DocumentsFound } from "../protocol/documents.ts";
import type { DocumentFolder, DocumentFolders } from "../store/store.ts";
import type { DocumentPart, DocumentsOf } from "./documents.ts";
import type { Embedder } from "./embedder.ts";
import { isFault } from "./is-fault.ts";
import type { Reader } from "./reader.ts";
import { type Thread, ThreadLost, toFaultOf } from "./thread.ts";
import { toTerms } from "./words.ts";

export type FinderDeps = {
  folders: DocumentFolders;
  reader: Reader;
  searching: Thread;
  embedder: Embedder;
  clock: Clock;
  log: Pick<Log, "warn">;
  closing: AbortSignal;
};

type Session = { person: string; private: boolean };

export interface Finder {
  search(
    session: Session,
    asked: { query: string; limit: number },
    signal: AbortSignal,
  ): Promise<DocumentsFound>;
  of(session: Session): DocumentsOf;
}

/** A search looks whether files changed where nobody has looked for so long; it does not wait for that. */
const STALE_MS = 60_000;
/** A model that has to be loaded first takes longer: then the words alone count. */
const MEANING_MS = 2_000;

export function createFinder(deps: FinderDeps): Finder {
  const { folders, searching } = deps;

  const foldersOf = async ({ person, private: isPrivate }: Session) =>
    (await folders.list(person)).filter((folder) => isPrivate || !folder.private);

  const search: Finder["search"] = async (session, { query, limit }, signal) => {
    const own = await foldersOf(session);
    if (own.length === 0) throw new Fault("DOCUMENTS_NONE", {});
    if (toTerms(query).length === 0) throw new Fault("DOCUMENTS_QUERY_EMPTY", {});
    refresh(deps, own);
    const meaning = await meaningOf(deps, { query, person: session.person }, signal);
    const places = own.map(({ id, path }) => ({ id, path }));
    const job = { kind: "search", query, folders: places, limit, meaning } as const;
    const found = await told(searching.run(job, () => {}, signal));
    const nameOf = (id: string) => own.find((folder) => folder.id === id)?.name ?? "";
    const hits = found.map(({ folder, shown, line, page, text, changed }) => ({
      document: `${nameOf(folder)}/${shown}`,
      line,
      ...(page !== undefined && { page }),
      text,
      ...(changed && { changed }),
    }));
    return { hits, meaning: meaning !== undefined };
  };

  const read = async (session: Session, document: string, line: number, signal: AbortSignal) => {
    const own = await foldersOf(session);
    if (own.length === 0) throw new Fault("DOCUMENTS_NONE", {});
    const folder = own.find(({ name }) => document.startsWith(`${name}/`));
    const shown = document.slice((folder?.name.length ?? 0) + 1);
    const job = { kind: "read", folder: folder?.id ?? "", shown, line } as const;
    const parts = folder ? await told(searching.run(job, () => {}, signal)) : [];
    return toPart(parts, line) ?? fail(document);
  };

  return {
    search,
    of: (session) => ({
      has: async () => (await foldersOf(session)).length > 0,
      search: (query, limit, signal) => search(session, { query, limit }, signal),
      read: (document, line, signal) => read(session, document, line, signal),
    }),
  };
}

function fail(document: string): never {
  throw new Fault("DOCUMENT_MISSING", { document });
}

/** A thread that was lost over a question is a fault of ours; the next question starts another. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof ThreadLost ? toFaultOf(error) : error;
  }
}

/** Undefined where there is no such document; no lines where it has not so many. */
function toPart(
  parts: readonly { line: number; lineCount: number; text: string }[],
  line: number,
): DocumentPart | undefined {
  const [first] = parts;
  if (!first) return undefined;
  const lines: string[] = [];
  for (const part of parts) {
    // Blank lines between two passages are in neither; a long line is in several.
    while (lines.length < part.line - first.line) lines.push("");
    if (part.line - first.line < lines.length) lines.push(`${lines.pop() ?? ""}${part.text}`);
    else lines.push(...part.text.split("\n"));
  }
  const from = Math.max(first.line, line);
  const wanted = lines.slice(from - first.line);
  return { from, to: from + wanted.length - 1, lineCount: first.lineCount, lines: wanted };
}

function refresh({ reader, clock, log, closing }: FinderDeps, folders: readonly DocumentFolder[]) {
  for (const folder of folders) {
    const last = reader.lastMs(folder.id);
    if (reader.isReading(folder.id)) continue;
    if (last !== undefined && clock.elapsedMs() - last < STALE_MS) continue;
    reader.read(folder, { tell: () => {}, gives: "way" }, closing).catch((error: unknown) => {
      // Such as a disk that is not mounted: what was read of it can be searched all the same.
      if (!closing.aborted) log.warn({ err: error }, "documents could not be looked through again");
    });
  }
}

/** Only the first question waits for the servers; later ones go by what is known, and it is looked up anew beside. */
async function whoMeans({ embedder, closing }: FinderDeps, signal: AbortSignal) {
  const known = embedder.known();
  if (!known) return embedder.find(signal);
  embedder.find(closing).catch(() => undefined); // what is known holds until somebody can be asked
  return known;
}

async function meaningOf(
  deps: FinderDeps,
  { query, person }: { query: string; person: string },
  signal: AbortSignal,
): Promise<{ model: string; vector: readonly number[] } | undefined> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(MEANING_MS)]);
  try {
    const who = await whoMeans(deps, inTime);
    if ("why" in who) return undefined;
    const asked = { model: who.model, texts: [query], person, priority: "person" } as const;
    const [vector] = await deps.embedder.embed(asked, inTime);
    return vector && { model: who.model, vector };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // The words are there without it.
    if (isFault(error) || inTime.aborted) return undefined;
    throw error;
  }
}
