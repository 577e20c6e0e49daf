import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { systemClock } from "../../base/clock.ts";
import { copyStore } from "../../store/carry.ts";
import { addSession, credentialOf, openTurn } from "../../store/examples.ts";
import { createStore } from "../../store/sqlite.ts";
import { artefactOf, createPlace, never, put, write } from "../format/examples.ts";
import { seal } from "../format/sealed.ts";
import { isCode, run, snapshot } from "./examples.ts";

/** A state folder with somebody in it who may do everything, and a conversation. */
async function keptState(home: string) {
  const store = await createStore({ folder: home, clock: systemClock });
  await store.auth.addPerson({ id: "kim", name: "Kim", role: "owner", createdAt: 1 });
  await store.auth.addCredential(credentialOf("kim"));
  await store.auth.addPairingCode(
    { hash: "the-pairing-code", person: "kim", scopes: ["admin"], expiresAt: 2 ** 50 },
    1,
  );
  await store.values.set("mode", "internet");
  await store.values.set("models.service.ollama", "the-approval");
  await store.values.set("model", "ollama/qwen3:8b");
  const session = await addSession(store, { title: "garden" });
  await openTurn(store, session, undefined);
  await addSession(store, { title: "something private", private: true });
  await store.close();
}

async function lookInto(home: string) {
  const store = await createStore({ folder: home, clock: systemClock });
  const found = {
    keys: (await store.auth.credentials("kim")).length,
    pairing: await store.auth.takePairingCode("the-pairing-code"),
    mode: await store.values.get("mode"),
    service: await store.values.get("models.service.ollama"),
    model: await store.values.get("model"),
    sessions: (await store.sessions.list("kim", 10)).map(({ title }) => title).toSorted(),
    unfinished: (await store.turns.unfinished()).length,
  };
  await store.close();
  return found;
}

/** What must not even stand in a page that is free. */
const MARKS = [
  "garden",
  "internet",
  "the-approval",
  "the-pairing-code",
  "hash_0",
  "something private",
];
const foundIn = (file: string) => {
  const bytes = readFileSync(file, "latin1");
  return MARKS.filter((mark) => bytes.includes(mark));
};

const CLEAN = {
  keys: 0,
  pairing: undefined,
  mode: undefined,
  service: undefined,
  model: "ollama/qwen3:8b",
  sessions: ["garden"],
  unfinished: 0,
};

test("security: a restore never revives keys, pairings, approvals or a wider mode, not even from a raw store", async (t) => {
  const place = createPlace(t);
  await keptState(place.at("old"));
  const before = await lookInto(place.at("old"));
  assert.deepEqual(
    [before.keys, before.mode, before.service],
    [1, "internet", "the-approval"],
    "the control",
  );
  // As an older or a hostile maker would carry it: the whole file.
  await write(place.at("stick"), {
    artefacts: [artefactOf("state", { "isopod.db": place.at("old/isopod.db") })],
  });
  await run(place);
  assert.deepEqual(await lookInto(place.at("home")), CLEAN);
  assert.deepEqual(foundIn(place.at("home/isopod.db")), ["garden"]);
});

test("security: what is carried of a store has none of them in the first place", async (t) => {
  const place = createPlace(t);
  await keptState(place.at("old"));
  await copyStore(place.at("old"), place.at("copy.db"), { withPrivate: false });
  assert.deepEqual(foundIn(place.at("old/isopod.db")), MARKS, "the control has them");
  assert.deepEqual(foundIn(place.at("copy.db")), ["garden"]);
  mkdirSync(place.at("new"), { mode: 0o700 });
  cpSync(place.at("copy.db"), place.at("new/isopod.db"));
  assert.deepEqual(await lookInto(place.at("new")), CLEAN);
});

test("security: a store with a trigger, or one that is damaged, is refused and nothing is in place", async (t) => {
  const place = createPlace(t);
  const file = put(place.at("isopod.db"), "this is no database, whatever its name is");
  await write(place.at("stick"), { artefacts: [artefactOf("state", { "isopod.db": file })] });
  await keptState(place.at("old"));
  const db = new DatabaseSync(place.at("old/isopod.db"));
  db.exec("create trigger t after delete on credentials begin select 1; end");
  db.close();
  const triggered = [artefactOf("state", { "isopod.db": place.at("old/isopod.db") })];
  await write(place.at("two"), { artefacts: triggered });
  for (const path of [place.at("stick"), place.at("two")]) {
    await assert.rejects(run(place, { path }), isCode("STORE_UNREADABLE"));
    const left = snapshot(place.at("home")).filter((name) => !name.includes("gateway.lock"));
    assert.deepEqual(left, []);
  }
});

test("conversations are never laid over others", async (t) => {
  const place = createPlace(t);
  await keptState(place.at("old"));
  await keptState(place.at("home"));
  await write(place.at("stick"), {
    artefacts: [artefactOf("state", { "isopod.db": place.at("old/isopod.db") })],
  });
  await assert.rejects(run(place, { replace: true }), isCode("BUNDLE_CONFLICT"));
  assert.equal((await lookInto(place.at("home"))).mode, "internet");
});

test("security: what is sealed opens with its passphrase alone, and a wrong one touches nothing", async (t) => {
  const place = createPlace(t);
  const secret = put(place.at("from/cloud.key"), "sk-very-secret");
  const passphrase = "correct horse";
  await seal(secret, place.at("cloud.sealed"), { passphrase, sizeBytes: 14, signal: never });
  assert.doesNotMatch(readFileSync(place.at("cloud.sealed"), "latin1"), /very-secret/);
  await write(place.at("stick"), {
    sealed: true,
    artefacts: [artefactOf("state", { "secrets/cloud.key.sealed": place.at("cloud.sealed") })],
  });
  await assert.rejects(run(place), isCode("BUNDLE_PASSPHRASE"));
  await assert.rejects(run(place, { passphrase: "wrong horse" }), isCode("BUNDLE_PASSPHRASE"));
  assert.ok(!existsSync(place.at("home")));
  await run(place, { passphrase });
  assert.equal(readFileSync(place.at("home/secrets/cloud.key"), "utf8"), "sk-very-secret");
  assert.equal(statSync(place.at("home/secrets/cloud.key")).mode & 0o777, 0o600);
});
