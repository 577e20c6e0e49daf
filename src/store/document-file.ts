/** The file of the document index: what stands in it, and how it is opened. */

import type { DatabaseSync } from "node:sqlite";

import { openFile, readNumber, transact } from "./database.ts";

/** Another form of the index is read anew from the documents: nothing in it is the only copy. */
const VERSION = 1;

/** A commit of the other thread is over in less. */
const BUSY_TIMEOUT_MS = 5_000;

const SCHEMA = `
create table folders (number integer primary key, id text not null unique, indexedAt integer) strict;
create table files (
  id integer primary key,
  folder text not null,
  path text not null,
  shown text not null,
  stamp text not null,
  hash text not null,
  kind text not null,
  sizeBytes integer not null,
  lineCount integer not null,
  why text,
  unique (folder, path)
) strict;
create index filesShown on files (folder, shown);
create table passages (
  id integer primary key,
  file integer not null references files (id) on delete cascade,
  line integer not null,
  page integer,
  text text not null
) strict;
create index passagesOfFile on passages (file, line);
create table vectors (
  passage integer primary key references passages (id) on delete cascade,
  model text not null,
  vector blob not null
) strict;
create virtual table words using fts5(
  name, body, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
insert into words (words, rank) values ('rank', 'bm25(4, 1)');
insert into words (words, rank) values ('secure-delete', 1);
pragma user_version = ${VERSION};
`;

/** Opens it or makes it; one of another version is emptied. */
export function openDocumentFile(path: string): DatabaseSync {
  return openFile(path, BUSY_TIMEOUT_MS, (db) => {
    db.exec("pragma journal_mode = wal; pragma synchronous = normal");
    // What is removed is overwritten: it was somebody's letter.
    db.exec("pragma secure_delete = on; pragma trusted_schema = off");
    transact(db, () => bringUp(db));
  });
}

function bringUp(db: DatabaseSync): void {
  if (readNumber(db, "user_version") === VERSION) return;
  const tables = ["words", "vectors", "passages", "files", "folders"];
  for (const table of tables) db.exec(`drop table if exists ${table}`);
  db.exec(SCHEMA);
}
