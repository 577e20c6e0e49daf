import assert from "node:assert/strict";
import { test } from "node:test";

import type { Store, StoredResponse } from "./store.ts";

/** What every store must do with the answers that programs go on from. */
export function testResponses(store: () => Store): void {
  let count = 0;
  const responseOf = (change: Partial<StoredResponse> = {}): StoredResponse => ({
    id: `resp_${(count += 1)}`,
    owner: "kim",
    createdAt: 1,
    usedAt: 1,
    input: '[{"role":"user"}]',
    response: '{"output":[]}',
    ...change,
  });
  const add = async (change: Partial<StoredResponse> = {}) => {
    const response = responseOf(change);
    await store().responses.add(response);
    return response;
  };

  test("a response comes back as it was added, with and without one before it", async () => {
    const first = await add();
    const second = await add({ previous: first.id });
    assert.deepEqual(await store().responses.get("kim", first.id), first);
    assert.deepEqual(await store().responses.get("kim", second.id), second);
    await store().responses.touch("kim", [first.id, "resp_none"], 9);
    assert.equal((await store().responses.get("kim", first.id))?.usedAt, 9);
  });

  test("security: somebody else's response is neither read, nor kept alive, nor deleted", async () => {
    const { responses } = store();
    const { id } = await add();
    assert.equal(await responses.get("lee", id), undefined);
    await responses.touch("lee", [id], 99);
    assert.equal(await responses.delete("lee", id), false);
    assert.equal((await responses.get("kim", id))?.usedAt, 1);
    assert.equal(await responses.delete("kim", id), true);
    assert.equal(await responses.delete("kim", id), false);
  });

  test("prune() drops what was long unused, and of the owner what is beyond the bytes", async () => {
    const { responses } = store();
    const owner = "pruner";
    const old = await add({ owner: "somebody", usedAt: 5 });
    const sized = (usedAt: number) => add({ owner, usedAt, input: "x".repeat(50), response: "" });
    const [longest, middle, latest] = [await sized(20), await sized(30), await sized(40)];
    const other = await add({ owner: "lee", usedAt: 20, input: "x".repeat(500) });
    await responses.prune({ owner, usedBefore: 10, maxBytes: 120 });
    assert.equal(await responses.get("somebody", old.id), undefined);
    assert.equal(await responses.get(owner, longest.id), undefined);
    assert.ok(await responses.get(owner, middle.id));
    assert.ok(await responses.get(owner, latest.id));
    assert.ok(await responses.get("lee", other.id), "the limit is each person's own");
  });
}
