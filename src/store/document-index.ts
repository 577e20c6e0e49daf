/**
 * What was read of people's documents, to be searched: a SQLite file of its own beside the store. One thread
 * writes it, others read. Everything in it can be read again from the documents, so no commit waits for the disk.
 */

import type { SQLInputValue, StatementSync } from "node:sqlite";

import { guard, transact } from "./database.ts";
import { openDocumentFile } from "./document-file.ts";

export interface DocumentIndex {
  /** All of `work` or nothing of it. Not to be nested. */
  transact<T>(work: () => T): T;
  /** What is known of the files of a folder, by path. */
  stamps(folder: string): Map<string, { id: number; stamp: string; hash: string }>;
  /** In place of what was known of that path. */
  put(file: FileRow, passages: readonly PassageRow[]): void;
  /** The same content as before, with another stamp. */
  touch(id: number, stamp: string): void;
  removeFile(id: number): void;
  /** Takes the text out of the file as well. */
  removeFolder(folder: string): void;
  /** The folder was gone through to its end, or was begun again (null). */
  setIndexed(folder: string, at: number | null): void;
  summary(folder: string): FolderSummary;
  /** The best first, by bm25, in these folders alone. `match` is of `documents/words.ts`, which lets nothing of FTS5's syntax through. */
  search(match: string, folders: readonly string[], limit: number): FoundPassage[];
  /** Passages by id, in the folders that are named. */
  passages(ids: readonly number[], folders: readonly string[]): FoundPassage[];
  /** Passages of one document in order, from the one that holds this line; none where there is no such document. */
  read(of: { folder: string; shown: string; line: number; limit: number }): FoundPassage[];
  /** Passages that have no vector of this model yet. */
  withoutVector(of: {
    folder: string;
    model: string;
    limit: number;
  }): { id: number; text: string }[];
  putVectors(model: string, vectors: readonly { passage: number; vector: Uint8Array }[]): void;
  /** The vectors of one model in these folders. */
  vectors(model: string, folders: readonly string[]): { passage: number; vector: Uint8Array }[];
  /** Changes whenever vectors may have. */
  vectorVersion(): string;
  close(): void;
}

export type FileRow = {
  folder: string;
  /** Below the folder, as the system calls it. */
  path: string;
  /** The same on one line. */
  shown: string;
  /** Size and times when it was read; empty where it must be looked at again. */
  stamp: string;
  /** SHA-256; empty where its content was not read. */
  hash: string;
  kind: string;
  sizeBytes: number;
  lineCount: number;
  /** Why there is nothing of it in the index; absent where there is. */
  why?: string;
};

export type PassageRow = {
  line: number;
  page?: number;
  text: string;
  /** What is looked for in it, as `documents/words.ts` writes it; `name` is the file's, in its first passage. */
  words: string;
  name: string;
};

export type FoundPassage = {
  id: number;
  folder: string;
  path: string;
  shown: string;
  stamp: string;
  kind: string;
  lineCount: number;
  line: number;
  page: number | null;
  text: string;
};

export type FolderSummary = {
  files: number;
  passages: number;
  sizeBytes: number;
  /** Passages with a vector of some model. */
  vectors: number;
  indexedAt: number | null;
  /** What was left out, and why; the first ones. */
  leftOut: { path: string; why: string }[];
  leftOutCount: number;
};

/** Opens the index or makes it; one of another version is emptied. Throws `STORE_UNREADABLE`, `STORE_FULL`. */
export function openDocumentIndex(path: string): DocumentIndex {
  const guarded = guard(path);
  const db = guarded(() => openDocumentFile(path));
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string) => {
    const known = prepared.get(sql);
    if (known) return known;
    const made = db.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  const run = (sql: string, ...values: SQLInputValue[]) =>
    guarded(() => statement(sql).run(...values));
  // The statements below name their columns as the types do.
  const all = <T>(sql: string, ...values: SQLInputValue[]) =>
    guarded(() => statement(sql).all(...values)) as unknown as T[];
  return {
    transact: (work) => guarded(() => transact(db, work)),
    ...fileCalls(run, all),
    ...readCalls(all),
    ...vectorCalls(run, all),
    removeFolder(folder) {
      guarded(() => transact(db, () => dropFolder(run, folder)));
      run("insert into words (words) values ('optimize')"); // its tombstones still hold the words
      guarded(() => db.exec("pragma wal_checkpoint(truncate)"));
    },
    close: () => db.close(),
  };
}

type Run = (sql: string, ...values: SQLInputValue[]) => { lastInsertRowid: number | bigint };
type All = <T>(sql: string, ...values: SQLInputValue[]) => T[];

function fileCalls(run: Run, all: All) {
  const removeFile = (id: number) => {
    run("delete from words where rowid in (select id from passages where file = ?)", id);
    run("delete from files where id = ?", id);
  };
  return {
    removeFile,
    stamps: (folder: string) => {
      const sql = "select path, id, stamp, hash from files where folder = ?";
      const rows = all<{ path: string; id: number; stamp: string; hash: string }>(sql, folder);
      return new Map(rows.map(({ path, ...row }) => [path, row]));
    },
    put(file: FileRow, passages: readonly PassageRow[]) {
      const { folder, path, shown, stamp, hash, kind, sizeBytes, lineCount, why = null } = file;
      const sql = "select id from files where folder = ? and path = ?";
      for (const { id } of all<{ id: number }>(sql, folder, path)) removeFile(id);
      const values = [folder, path, shown, stamp, hash, kind, sizeBytes, lineCount, why];
      const id = run(ADD_FILE, ...values).lastInsertRowid;
      const [first, last] = rangeOf(all, folder);
      const [top] = all<{ id: number | null }>(LAST_PASSAGE, first, last);
      let next = (top?.id ?? first) + 1;
      for (const { line, page = null, text, words, name } of passages) {
        run(ADD_PASSAGE, next, id, line, page, text);
        run("insert into words (rowid, name, body) values (?, ?, ?)", next, name, words);
        next += 1;
      }
    },
    touch: (id: number, stamp: string) =>
      void run("update files set stamp = ? where id = ?", stamp, id),
    setIndexed(folder: string, at: number | null) {
      const sql = `insert into folders (id, indexedAt) values (?1, ?2)
        on conflict (id) do update set indexedAt = ?2`;
      run(sql, folder, at);
    },
  };
}

const ADD_FILE = `insert into files (folder, path, shown, stamp, hash, kind, sizeBytes, lineCount, why)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const LAST_PASSAGE = "select max(id) as id from passages where id between ? and ?";
const ADD_PASSAGE = "insert into passages (id, file, line, page, text) values (?, ?, ?, ?, ?)";

/**
 * The ids of a folder's passages lie in a range of their own: FTS5 keeps to a range at no cost, while to ask for
 * a word that stands for the folder would have it read every passage of that folder, to rank by it.
 */
const RANGE = 2 ** 32;

/** No id where the folder is not there. */
function rangeOf(all: All, folder: string): [first: number, last: number] {
  const [row] = all<{ number: number }>("select number from folders where id = ?", folder);
  const first = (row?.number ?? 0) * RANGE;
  return row ? [first, first + RANGE - 1] : [0, -1];
}

function dropFolder(run: Run, folder: string): void {
  const files = "select id from files where folder = ?";
  run(
    `delete from words where rowid in (select id from passages where file in (${files}))`,
    folder,
  );
  run("delete from files where folder = ?", folder);
  run("delete from folders where id = ?", folder);
}

const FOUND = `select passages.id, files.folder, files.path, files.shown, files.stamp, files.kind,
  files.lineCount, passages.line, passages.page, passages.text
  from passages join files on files.id = passages.file`;

/**
 * To rank a passage takes microseconds, and a common word stands in all of them: of more than so many, those that
 * were read last are ranked.
 */
const RANKED = 2_000;
const BEST = `select rowid as id, rank as score from words
  where words match ?1 and rowid <= ?3 and rowid >= coalesce(
    (select rowid from words where words match ?1 and rowid between ?2 and ?3
      order by rowid desc limit 1 offset ?4), ?2)
  order by rank limit ?5`;

/** As many names of what was left out as a person looks through. */
const LISTED = 20;

function readCalls(all: All) {
  return {
    summary(folder: string): FolderSummary {
      const [counts] = all<Omit<FolderSummary, "leftOut">>(SUMMARY, folder);
      const leftOut = all<{ path: string; why: string }>(LEFT_OUT, folder, LISTED);
      const none = {
        files: 0,
        passages: 0,
        sizeBytes: 0,
        vectors: 0,
        indexedAt: null,
        leftOutCount: 0,
      };
      return { ...none, ...counts, leftOut: leftOut.map((row) => ({ ...row })) };
    },
    search: (match: string, folders: readonly string[], limit: number) => {
      // First the best rows alone: to join before they are ranked would read every passage that matches.
      const rows = folders.flatMap((folder) => {
        const [first, last] = rangeOf(all, folder);
        return all<{ id: number; score: number }>(BEST, match, first, last, RANKED, limit);
      });
      return rows
        .toSorted((a, b) => a.score - b.score) // of bm25 the lowest is the best
        .slice(0, limit)
        .flatMap(({ id }) => all<FoundPassage>(`${FOUND} where passages.id = ?`, id));
    },
    passages: (ids: readonly number[], folders: readonly string[]) =>
      ids
        .flatMap((id) => all<FoundPassage>(`${FOUND} where passages.id = ?`, id))
        .filter(({ folder }) => folders.includes(folder)),
    read({
      folder,
      shown,
      line,
      limit,
    }: {
      folder: string;
      shown: string;
      line: number;
      limit: number;
    }) {
      const of = `${FOUND} where files.folder = ?1 and files.shown = ?2`;
      const first = `coalesce((select max(line) from passages join files on files.id = file
        where folder = ?1 and shown = ?2 and line <= ?3), 0)`;
      return all<FoundPassage>(
        `${of} and passages.line >= ${first} order by passages.line, passages.id limit ?4`,
        folder,
        shown,
        line,
        limit,
      );
    },
  };
}

const SUMMARY = `select
  (select count(*) from files where folder = ?1 and why is null) as files,
  (select count(*) from files where folder = ?1 and why is not null) as leftOutCount,
  (select coalesce(sum(sizeBytes), 0) from files where folder = ?1 and why is null) as sizeBytes,
  (select count(*) from passages join files on files.id = file where folder = ?1) as passages,
  (select count(*) from vectors join passages on passages.id = passage
    join files on files.id = file where folder = ?1) as vectors,
  (select indexedAt from folders where id = ?1) as indexedAt`;
const LEFT_OUT =
  "select shown as path, why from files where folder = ? and why is not null order by shown limit ?";

function vectorCalls(run: Run, all: All) {
  return {
    withoutVector: ({ folder, model, limit }: { folder: string; model: string; limit: number }) =>
      all<{ id: number; text: string }>(
        `select passages.id, passages.text from passages join files on files.id = file
          left join vectors on passage = passages.id and model = ?
          where folder = ? and passage is null limit ?`,
        model,
        folder,
        limit,
      ),
    putVectors(model: string, vectors: readonly { passage: number; vector: Uint8Array }[]) {
      for (const { passage, vector } of vectors) {
        // A passage may have gone while its vector was made.
        run(
          `insert or replace into vectors (passage, model, vector)
            select id, ?, ? from passages where id = ?`,
          model,
          vector,
          passage,
        );
      }
    },
    vectors: (model: string, folders: readonly string[]) =>
      folders.flatMap((folder) =>
        all<{ passage: number; vector: Uint8Array }>(
          `select passage, vector from vectors join passages on passages.id = passage
            join files on files.id = file where folder = ? and model = ?`,
          folder,
          model,
        ),
      ),
    vectorVersion: () => {
      const [row] = all<{ data_version: number }>("pragma data_version");
      return String(row?.data_version);
    },
  };
}
