import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { openDatabase } from "./database.ts";
import { lockFolder } from "./lock.ts";
import { migrations } from "./migrations.ts";
import { createStore, storeFile } from "./sqlite.ts";
import { addSession, messageOf, openTurn } from "./examples.ts";

const root = mkdtempSync(join(tmpdir(), "isopod-database-"));
after(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = () => join(root, String(++count));

test("what was written is there after a restart", async () => {
  const folder = newFolder();
  const first = await createStore({ folder, clock });
  const session = await addSession(first);
  const { message } = await openTurn(first, session);
  first.auth.touchCredential("none", 1);
  await Promise.all([first.close(), first.close()]);
  const second = await createStore({ folder, clock });
  assert.deepEqual(await second.sessions.list("kim"), [session]);
  assert.deepEqual(await second.sessions.messages(session.id), [message]);
  await second.close();
});

test("close() waits for the writes under way", async () => {
  const folder = newFolder();
  const first = await createStore({ folder, clock });
  const write = first.values.set("late", "but here");
  await first.close();
  await write;
  const second = await createStore({ folder, clock });
  assert.equal(await second.values.get("late"), "but here");
  await second.close();
});

test("an older file is brought up to date with what it holds, in one step or not at all", async () => {
  const folder = newFolder();
  const store = await createStore({ folder, clock });
  const session = await addSession(store);
  await store.close();
  const last = migrations.length;
  const added = { version: last + 1, sql: "alter table sessions add column pinned integer" };
  const broken = {
    version: last + 2,
    sql: "alter table sessions add column half integer; nonsense",
  };
  await assert.rejects(
    createStore({ folder, clock, migrations: [...migrations, added, broken] }),
    /nonsense/,
  );
  const older = await createStore({ folder, clock });
  assert.deepEqual(await older.sessions.list("kim"), [session]);
  await older.close();
  const newer = await createStore({ folder, clock, migrations: [...migrations, added] });
  assert.deepEqual(await newer.sessions.list("kim"), [session]);
  await newer.close();
  await assert.rejects(createStore({ folder, clock }), { code: "STORE_NEWER" });
});

test("each migration is numbered one above the last", () => {
  assert.deepEqual(
    migrations.map(({ version }) => version),
    migrations.map((_, index) => index + 1),
  );
});

test("a file that is no database, is damaged or is another program's is STORE_UNREADABLE and left alone", async () => {
  const foreign = newFolder();
  mkdirSync(foreign);
  new DatabaseSync(storeFile(foreign)).exec("create table theirs (a)");
  const text = newFolder();
  mkdirSync(text);
  writeFileSync(storeFile(text), "not a database at all, but long enough to look at\n".repeat(99));
  const damaged = newFolder();
  const store = await createStore({ folder: damaged, clock });
  await store.close();
  const bytes = readFileSync(storeFile(damaged));
  writeFileSync(storeFile(damaged), bytes.fill(0xff, 100, 4096));
  for (const folder of [foreign, text, damaged]) {
    const before = readFileSync(storeFile(folder));
    await assert.rejects(createStore({ folder, clock }), { code: "STORE_UNREADABLE" });
    if (folder !== foreign) assert.deepEqual(readFileSync(storeFile(folder)), before);
  }
});

test("a row that is not what was written is STORE_UNREADABLE, not a riddle further up", async () => {
  const folder = newFolder();
  const store = await createStore({ folder, clock });
  const session = await addSession(store);
  await openTurn(store, session);
  const db = new DatabaseSync(storeFile(folder));
  db.exec(`update messages set message = '{"role":"system"}'`);
  db.close();
  await assert.rejects(store.sessions.messages(session.id), { code: "STORE_UNREADABLE" });
  await store.close();
});

test("a second gateway on one folder is STORE_LOCKED, until the first is done", async () => {
  const folder = newFolder();
  const first = await createStore({ folder, clock });
  await assert.rejects(createStore({ folder, clock }), { code: "STORE_LOCKED" });
  await first.values.set("still", "works");
  await first.close();
  await (await createStore({ folder, clock })).close();
});

test("security: a refused attempt does not free the lock of the first", () => {
  const folder = newFolder();
  const lock = lockFolder(folder);
  assert.throws(() => lockFolder(folder), { code: "STORE_LOCKED" });
  // What the kernel holds, seen by another process.
  const code = `
    const db = new (require("node:sqlite").DatabaseSync)(process.argv[1], { timeout: 0 });
    try { db.exec("begin exclusive"); console.log("free"); } catch { console.log("held"); }`;
  const ask = () =>
    spawnSync(process.execPath, ["-e", code, join(folder, "gateway.lock")], { encoding: "utf8" })
      .stdout;
  assert.equal(ask(), "held\n");
  lock.release();
  lock.release();
  assert.equal(ask(), "free\n");
});

test("security: the folder and all files in it are the owner's alone, whatever the umask", async () => {
  const folder = newFolder();
  const umask = process.umask(0);
  const store = await createStore({ folder, clock });
  await addSession(store);
  process.umask(umask);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const files = readdirSync(folder);
  assert.ok(files.length >= 3, files.join());
  for (const file of files) {
    assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  }
  await store.close();
});

test("security: deleted text stands neither in the file nor in the log", async () => {
  const folder = newFolder();
  const store = await createStore({ folder, clock });
  const kept = await openTurn(store, await addSession(store));
  const session = await addSession(store, { title: "CANARY-title" });
  const { turn } = await openTurn(store, session);
  const long = "CANARY-long ".repeat(2_000);
  await store.turns.append([messageOf(turn, "CANARY-short"), messageOf(turn, long)]);
  await store.turns.append([messageOf(kept.turn, "a neighbour on the page")]);
  const holds = (text: string) =>
    readdirSync(folder).some((file) => readFileSync(join(folder, file)).includes(text));
  assert.ok(holds("CANARY"), "the control: before, it can be found");
  await store.sessions.delete(session.owner, session.id);
  assert.ok(!holds("CANARY"));
  assert.ok(holds("a neighbour on the page"));
  await store.close();
});

test("a disk without room for the log's index counts as full", () => {
  const file = join(root, "shm.db");
  const database = openDatabase(file, migrations);
  assert.throws(
    () =>
      database.transact(() => {
        throw Object.assign(new Error("disk I/O error"), {
          code: "ERR_SQLITE_ERROR",
          errcode: 4874,
        });
      }),
    { code: "STORE_FULL" },
  );
  database.close();
});
