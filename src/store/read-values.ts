import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { toStoreFault } from "./database.ts";
import { storeFile } from "./sqlite.ts";

/**
 * What a state folder remembers under names that begin so, without opening it to write, also while a gateway runs.
 * Empty where there is no store yet. Throws `STORE_UNREADABLE`.
 */
export function readValues(folder: string, prefix: string): Map<string, string> {
  const file = storeFile(folder);
  if (!existsSync(file)) return new Map();
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
    try {
      const found = db.prepare('select key, value from "values" where substr(key, 1, ?) = ?');
      const rows = found.all(prefix.length, prefix);
      return new Map(rows.map(({ key, value }) => [String(key), String(value)]));
    } finally {
      db.close();
    }
  } catch (error) {
    throw toStoreFault(file, error);
  }
}
