/**
 * One SQLite file: how it is opened, brought up to date and spoken to, and what its failures mean.
 * A second program may read it meanwhile; that no second gateway writes is the lock's business.
 */

import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync, type SQLInputValue } from "node:sqlite";

import { Fault } from "../base/fault.ts";
import type { Migration } from "./migrations.ts";
import type { Queries } from "./queries.ts";
import type { Query } from "./query.ts";
import { statements } from "./statements.ts";

export interface Database {
  readonly path: string;
  readonly statements: Statements;
  /** All of `work` or, where it throws, nothing of it. On disk when it returns. Not to be nested. */
  transact<T>(work: () => T): T;
  /**
   * Moves the log into the file and empties it, so that what was deleted stands in neither. False where a
   * reader was in the way or the disk is full: nothing is lost by it, and it can be tried again.
   */
  scrub(): boolean;
  close(): void;
}

export interface Statement<P, R> {
  get(params: P): R | undefined;
  all(params: P): R[];
  /** How many rows it changed. */
  run(params: P): number;
}

export type Statements = {
  readonly [Name in keyof Queries]: Queries[Name] extends Query<infer P, infer R>
    ? Statement<P, R>
    : never;
};

/** "Isop" as a number: tells our files from other programs' databases. */
const APPLICATION_ID = 0x49736f70;
/** A backup program's read lock is gone in less; longer would hold up everybody in the gateway. */
const BUSY_TIMEOUT_MS = 2_000;

export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const guarded = guard(path);
  const db = guarded(() => open(path));
  try {
    guarded(() => migrate(db, path, migrations));
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    path,
    statements: prepareAll(db, guarded),
    transact: (work) => guarded(() => transact(db, work)),
    scrub: () => scrub(db, guarded),
    close: () => db.close(),
  };
}

function open(path: string): DatabaseSync {
  return openFile(path, BUSY_TIMEOUT_MS, (db) => {
    const mode = db.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
    if (mode !== "wal" && path !== ":memory:") {
      const detail = "its file system cannot hold a write-ahead log (a network share?)";
      throw new Fault("STORE_UNREADABLE", { file: path, detail });
    }
    // full: a commit returns when it is on the disk. secure_delete: what is deleted is overwritten.
    db.exec("pragma synchronous = full; pragma secure_delete = on; pragma trusted_schema = off");
  });
}

/** Opens it or makes it, with mode 0600; where `setUp` throws it is closed again. */
export function openFile(
  path: string,
  busyTimeoutMs: number,
  setUp: (db: DatabaseSync) => void,
): DatabaseSync {
  // SQLite would make it readable for everybody, and its log inherits what the file has.
  if (path !== ":memory:") makePrivateFile(path);
  const db = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
    allowExtension: false,
    defensive: true,
  });
  try {
    setUp(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Makes an empty file of mode 0600 where there is none. One that is there is not even opened: closing it
 * again would drop the locks that this process holds on it (POSIX).
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const found = readNumber(db, "user_version");
  const known = migrations.at(-1)?.version ?? 0;
  if (found > known) throw new Fault("STORE_NEWER", { file: path, found, known });
  const owner = readNumber(db, "application_id");
  const isOurs = owner === APPLICATION_ID || (owner === 0 && found === 0 && isEmpty(db));
  if (!isOurs) {
    throw new Fault("STORE_UNREADABLE", { file: path, detail: "another program wrote it" });
  }
  const due = migrations.filter(({ version }) => version > found);
  if (due.length === 0) return;
  transact(db, () => {
    for (const { version, sql } of due) {
      db.exec(sql);
      db.exec(`pragma user_version = ${version}; pragma application_id = ${APPLICATION_ID}`);
    }
  });
}

const isEmpty = (db: DatabaseSync) =>
  db.prepare("select count(*) as tables from sqlite_schema").get()?.["tables"] === 0;

export function readNumber(db: DatabaseSync, pragma: "user_version" | "application_id"): number {
  return Number(db.prepare(`pragma ${pragma}`).get()?.[pragma]);
}

/** All of `work` or nothing of it. Not to be nested. */
export function transact<T>(db: DatabaseSync, work: () => T): T {
  db.exec("begin immediate");
  try {
    const result = work();
    db.exec("commit");
    return result;
  } catch (error) {
    // A full disk can end the transaction by itself.
    if (db.isTransaction) db.exec("rollback");
    throw error;
  }
}

function scrub(db: DatabaseSync, guarded: <T>(work: () => T) => T): boolean {
  try {
    return guarded(() => db.prepare("pragma wal_checkpoint(truncate)").get()?.["busy"] === 0);
  } catch (error) {
    if (error instanceof Fault && error.code === "STORE_FULL") return false;
    throw error;
  }
}

/** Each is prepared at its first use and kept: preparing takes ten times as long as running. */
function prepareAll(db: DatabaseSync, guarded: <T>(work: () => T) => T): Statements {
  const prepared = Object.entries(statements).map(([name, { sql, params }]) => {
    let kept: StatementSync | undefined;
    const on = <T>(row: Row, run: (statement: StatementSync, values: SQLInputValue[]) => T) =>
      guarded(() =>
        run(
          (kept ??= db.prepare(sql)),
          params.map((param) => row[param] ?? null),
        ),
      );
    const statement: Statement<Row, unknown> = {
      get: (row) => on(row, (statement, values) => toPlain(statement.get(...values))),
      all: (row) => on(row, (statement, values) => statement.all(...values).map(toPlain)),
      run: (row) => on(row, (statement, values) => Number(statement.run(...values).changes)),
    };
    return [name, statement] as const;
  });
  // A test keeps the statements equal to the queries, whose types these are.
  return Object.fromEntries(prepared) as unknown as Statements;
}

type Row = Record<string, SQLInputValue>;

/** SQLite's rows have no prototype, which surprises whoever compares or prints them. */
const toPlain = (row: object | undefined) => row && { ...row };

/** Turns what SQLite throws into what a person can act on; what is a bug of ours passes as it is. */
export function guard(path: string): <T>(work: () => T) => T {
  return (work) => {
    try {
      return work();
    } catch (error) {
      throw toStoreFault(path, error);
    }
  };
}

export function toStoreFault(path: string, error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { code, errcode } = error as Error & { code?: string; errcode?: number };
  const options = { cause: error };
  const folder = dirname(path);
  if (code === "ENOSPC") return new Fault("STORE_FULL", { folder }, options);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "EISDIR") {
    return new Fault("STORE_UNREADABLE", { file: path, detail: error.message }, options);
  }
  if (code !== "ERR_SQLITE_ERROR" || errcode === undefined) return error;
  if (errcode === SHARED_MEMORY_FULL) return new Fault("STORE_FULL", { folder }, options);
  switch (errcode & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new Fault("STORE_LOCKED", { folder }, options);
    case 13: // SQLITE_FULL
      return new Fault("STORE_FULL", { folder }, options);
    case 8: // SQLITE_READONLY
    case 10: // SQLITE_IOERR
    case 11: // SQLITE_CORRUPT
    case 14: // SQLITE_CANTOPEN
    case 26: // SQLITE_NOTADB
      return new Fault("STORE_UNREADABLE", { file: path, detail: error.message }, options);
    default:
      return error;
  }
}

/** SQLITE_IOERR_SHMSIZE: no room to let the index of the log grow. */
const SHARED_MEMORY_FULL = 4874;

/** Whether a row named another that is not there (SQLITE_CONSTRAINT_FOREIGNKEY). */
export const isDangling = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === 787;

/** Whether a row of this key is there already (SQLITE_CONSTRAINT_PRIMARYKEY and _UNIQUE). */
export const isRepeated = (error: unknown): boolean =>
  error instanceof Error &&
  "errcode" in error &&
  (error.errcode === 1555 || error.errcode === 2067);
