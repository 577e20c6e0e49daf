/**
 * A copy of the store for another machine: conversations and what was remembered, and nothing that lets anybody in or
 * allows anything. What is taken along is listed here by name, so that a table of tomorrow stays at home.
 */

import { rm } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";

import { Fault } from "../base/fault.ts";
import { readNumber, toStoreFault } from "./database.ts";
import { migrations } from "./migrations.ts";
import { storeFile } from "./sqlite.ts";

/** Without keys, devices and pairing codes; without approvals of services and the mode, which are `values`. */
const CARRIED = new Set([
  "people",
  "sessions",
  "turns",
  "messages",
  "epochs",
  "usage",
  "journal",
  "memories",
  "spending",
  "scorecards",
  "responses",
  "values",
]);
/** The model that answers when nobody names one. */
const CARRIED_VALUES = ["model"];

/** Also while a gateway runs. Throws `STORE_UNREADABLE`; `to` is there only if all went well. */
export async function copyStore(
  folder: string,
  to: string,
  { withPrivate }: { withPrivate: boolean },
): Promise<void> {
  const from = storeFile(folder);
  try {
    const db = new DatabaseSync(from, { readOnly: true, timeout: 2_000 });
    try {
      await backup(db, to);
    } finally {
      db.close();
    }
    cleanStore(to, { withPrivate });
  } catch (error) {
    await rm(to, { force: true });
    throw toStoreFault(from, error);
  }
}

/**
 * Takes out of a store in `file`, which nobody has open, what is not to be carried, and ends the turns that ran. The
 * file may come from anywhere. Throws `STORE_UNREADABLE` for a damaged one, one that is not ours, or one that holds
 * anything but tables; `STORE_NEWER`.
 */
export function cleanStore(file: string, { withPrivate }: { withPrivate: boolean }): void {
  const db = new DatabaseSync(file, { allowExtension: false, defensive: true });
  try {
    db.exec("pragma trusted_schema = off; pragma secure_delete = on; pragma foreign_keys = on");
    check(db, file);
    db.exec("pragma journal_mode = delete");
    db.exec("begin immediate");
    for (const name of tablesOf(db))
      if (!CARRIED.has(name)) db.exec(`delete from "${name.replaceAll('"', '""')}"`);
    const places = CARRIED_VALUES.map(() => "?").join(", ");
    db.prepare(`delete from "values" where key not in (${places})`).run(...CARRIED_VALUES);
    if (!withPrivate) db.exec("delete from sessions where private = 1");
    db.exec("update turns set state = 'stopped' where state in ('queued', 'running')");
    db.exec("commit; vacuum");
  } catch (error) {
    throw toStoreFault(file, error);
  } finally {
    db.close();
  }
}

function check(db: DatabaseSync, file: string): void {
  const unreadable = (detail: string) => new Fault("STORE_UNREADABLE", { file, detail });
  const found = readNumber(db, "user_version");
  const known = migrations.at(-1)?.version ?? 0;
  if (found > known) throw new Fault("STORE_NEWER", { file, found, known });
  // Triggers and views would run with what is done here and later.
  const strange = db
    .prepare("select name from sqlite_schema where type not in ('table', 'index') limit 1")
    .get();
  if (strange) throw unreadable(`it holds "${String(strange["name"])}", which no store does`);
  const whole = db.prepare("pragma integrity_check(1)").get()?.["integrity_check"];
  if (whole !== "ok") throw unreadable(String(whole));
  const missing = ["people", "sessions", "turns", "messages", "values"].find(
    (name) => !tablesOf(db).includes(name),
  );
  if (missing !== undefined) throw unreadable(`it has no table "${missing}"`);
}

const tablesOf = (db: DatabaseSync) =>
  db
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
