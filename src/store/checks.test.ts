import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { createStoreChecks, decideSpace } from "./checks.ts";
import { migrations } from "./migrations.ts";
import { createStore, storeFile } from "./sqlite.ts";
import { addSession, openTurn } from "./examples.ts";

const root = mkdtempSync(join(tmpdir(), "isopod-checks-"));
after(() => rmSync(root, { recursive: true }));
const { signal } = new AbortController();

/** State, or code of the fault, of each check. */
async function look(folder: string): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const check of createStoreChecks(folder)) {
    if (check.code === "store.space") continue; // how full this machine's disk is proves nothing
    const result = await check.run(signal);
    seen[check.code] = result.state === "ok" ? "ok" : result.fault.code;
  }
  return seen;
}

const well = {
  "store.permissions": "ok",
  "store.readable": "ok",
  "store.intact": "ok",
};

test("all is well before the first start, while a gateway runs, and after it", async () => {
  const folder = join(root, "state");
  assert.deepEqual(await look(folder), well);
  const store = await createStore({ folder, clock });
  await addSession(store);
  assert.deepEqual(await look(folder), well);
  await addSession(store);
  assert.equal((await store.sessions.list("kim")).length, 2);
  await assert.rejects(createStore({ folder, clock }), { code: "STORE_LOCKED" });
  await store.close();
  assert.deepEqual(await look(folder), well);
});

test("security: what others may open is found, and mended by the fix", async () => {
  const folder = join(root, "exposed");
  await (await createStore({ folder, clock })).close();
  chmodSync(folder, 0o755);
  chmodSync(storeFile(folder), 0o640);
  assert.equal((await look(folder))["store.permissions"], "STORE_EXPOSED");
  const check = createStoreChecks(folder).find(({ code }) => code === "store.permissions");
  assert.ok(check?.fix);
  await check.fix(signal);
  assert.deepEqual(await look(folder), well);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(storeFile(folder)).mode & 0o777, 0o600);
  assert.match(await check.fix(signal), / 0 of/);
});

test("a config that an editor left readable is well in a folder that nobody else may enter", async () => {
  const folder = join(root, "edited");
  await (await createStore({ folder, clock })).close();
  writeFileSync(join(folder, "isopod.json"), "{}", { mode: 0o644 });
  assert.deepEqual(await look(folder), well);
  chmodSync(folder, 0o711);
  assert.equal((await look(folder))["store.permissions"], "STORE_EXPOSED");
});

test("a file that a newer program wrote, and one that is no store, are told apart", async () => {
  const newer = join(root, "newer");
  const next = { version: migrations.length + 1, sql: "" };
  await (await createStore({ folder: newer, clock, migrations: [...migrations, next] })).close();
  assert.equal((await look(newer))["store.readable"], "STORE_NEWER");
  const text = join(root, "text");
  await (await createStore({ folder: text, clock })).close();
  writeFileSync(storeFile(text), "plain text ".repeat(1_000));
  assert.equal((await look(text))["store.readable"], "STORE_UNREADABLE");
});

test("a page that went bad is found", async () => {
  const folder = join(root, "bad");
  const store = await createStore({ folder, clock });
  for (let count = 0; count < 50; count++) await openTurn(store, await addSession(store));
  await store.close();
  const file = storeFile(folder);
  const bytes = readFileSync(file);
  // The second page on: the header, which opening reads, stays.
  writeFileSync(file, bytes.fill(0xa5, 4096 * 2));
  assert.deepEqual(await look(folder), { ...well, "store.intact": "STORE_UNREADABLE" });
});

test("a disk that fills up is a warning before it is a failure", () => {
  assert.deepEqual([5_000, 999, 99].map(decideSpace), ["ok", "warning", "failed"]);
});
