import assert from "node:assert/strict";
import { test } from "node:test";

import { createGrantBook } from "./grants.ts";

function createValues() {
  const kept = new Map<string, string>();
  return {
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: string) => void kept.set(key, value),
  };
}

const KIM = { person: "per_kim", session: "ses_1" };

test("what was agreed to for a session holds there, and what for always everywhere", async () => {
  const values = createValues();
  const grants = await createGrantBook(values).of(KIM);
  await grants.add("web:a.example", "session");
  await grants.add("web:b.example", "always");
  assert.deepEqual([grants.has("web:a.example"), grants.has("web:b.example")], [true, true]);
  assert.equal(grants.has("web:c.example"), false);
  const restarted = await createGrantBook(values).of(KIM);
  assert.deepEqual([restarted.has("web:a.example"), restarted.has("web:b.example")], [false, true]);
});

test("security: what one person agreed to counts for nobody else, and a session for no other", async () => {
  const book = createGrantBook(createValues());
  const grants = await book.of(KIM);
  await grants.add("web:a.example", "session");
  await grants.add("web:b.example", "always");
  const lee = await book.of({ person: "per_lee", session: "ses_2" });
  assert.deepEqual([lee.has("web:a.example"), lee.has("web:b.example")], [false, false]);
  const other = await book.of({ ...KIM, session: "ses_3" });
  assert.deepEqual([other.has("web:a.example"), other.has("web:b.example")], [false, true]);
});

test("what is forgotten is asked about again, at once and after a restart", async () => {
  const values = createValues();
  const book = createGrantBook(values);
  const grants = await book.of(KIM);
  await grants.add("web:b.example", "session");
  await grants.add("web:b.example", "always");
  await grants.add("web:a.example", "always");
  assert.deepEqual(await book.list(KIM.person), ["web:a.example", "web:b.example"]);
  assert.equal(await book.forget("per_lee", "web:b.example"), false);
  assert.equal(grants.has("web:b.example"), true);
  assert.equal(await book.forget(KIM.person, "web:b.example"), true);
  assert.equal(grants.has("web:b.example"), false);
  assert.equal(await book.forget(KIM.person, "web:b.example"), false);
  assert.deepEqual(await createGrantBook(values).list(KIM.person), ["web:a.example"]);
});
