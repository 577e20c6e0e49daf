import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "../base/fault.ts";
import { createWriter } from "./writer.ts";

/** A database that notes what was committed, and can refuse. */
function createFake(refuse: (batch: number) => boolean = () => false) {
  const committed: string[][] = [];
  let batch: string[] = [];
  let begun = 0;
  return {
    committed,
    put: (text: string) => batch.push(text),
    transact<T>(work: () => T): T {
      batch = [];
      const result = work();
      if (refuse(begun++)) throw new Fault("STORE_FULL", { folder: "/state" });
      committed.push(batch);
      return result;
    },
  };
}

test("writes of one turn of the event loop share one commit, in order", async () => {
  const fake = createFake();
  const writer = createWriter(fake);
  const results = await Promise.all(
    ["a", "b", "c"].map((text) => writer.write(() => fake.put(text))),
  );
  assert.deepEqual(fake.committed, [["a", "b", "c"]]);
  assert.deepEqual(results, [1, 2, 3]);
});

test("a write resolves after its commit, never before", async () => {
  const fake = createFake();
  const writer = createWriter(fake);
  const write = writer.write(() => fake.put("a")).then(() => fake.committed.length);
  assert.equal(fake.committed.length, 0);
  assert.equal(await write, 1);
});

test("a write that throws rejects alone", async () => {
  const fake = createFake();
  const writer = createWriter(fake);
  const settled = await Promise.allSettled([
    writer.write(() => fake.put("a")),
    writer.write(() => {
      throw new RangeError("no");
    }),
    writer.write(() => fake.put("c")),
  ]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(fake.committed, [["a"], ["c"]]);
});

test("a commit that fails acknowledges nothing, and the next one is tried afresh", async () => {
  const fake = createFake((batch) => batch < 3);
  const writer = createWriter(fake);
  const settled = await Promise.allSettled(
    ["a", "b"].map((text) => writer.write(() => fake.put(text))),
  );
  assert.deepEqual(
    settled.map((result) => result.status === "rejected" && result.reason.code),
    ["STORE_FULL", "STORE_FULL"],
  );
  assert.deepEqual(fake.committed, []);
  await writer.write(() => fake.put("c"));
  assert.deepEqual(fake.committed, [["c"]]);
});

test("idle() waits for what was asked for", async () => {
  const fake = createFake();
  const writer = createWriter(fake);
  void writer.write(() => fake.put("a"));
  await writer.idle();
  assert.deepEqual(fake.committed, [["a"]]);
});
