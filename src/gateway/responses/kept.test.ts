import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { createStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { createKeptResponses, type KeptResponses } from "./kept.ts";

const clock = createFakeClock();
const DAY_MS = 24 * 60 * 60_000;

let store: Store;
let kept: KeptResponses;
before(async () => {
  store = await createStore({ folder: ":memory:", clock });
  kept = createKeptResponses(store.responses, clock);
});
after(() => store.close());

const keep = (id: string, previous?: string, text = id) =>
  kept.keep({
    id,
    owner: "kim",
    previous,
    items: [{ type: "message", role: "user", content: text }],
    response: { id, output: [] },
  });

const isGone = (id: string) =>
  assert.rejects(kept.conversation("kim", id), { code: "NOT_FOUND" }, id);

test("what nobody went on from for 30 days is gone; what was gone on from stays, with all before it", async () => {
  await keep("a");
  await keep("b", "a");
  await keep("left");
  await clock.advance(20 * DAY_MS);
  assert.equal((await kept.conversation("kim", "b")).length, 2);
  await clock.advance(20 * DAY_MS);
  assert.equal((await kept.conversation("kim", "b")).length, 2);
  await isGone("left");
  await assert.rejects(kept.get("kim", "left"), { code: "NOT_FOUND" });
});

test("a person's responses take 64 MiB at most: the longest unused go, nobody else's do", async () => {
  await kept.keep({ id: "lee", owner: "lee", previous: undefined, items: [], response: {} });
  for (const id of ["one", "two", "three", "four"]) {
    await clock.advance(1);
    await keep(id, undefined, "x".repeat(20 * 1024 * 1024));
  }
  await isGone("one");
  assert.equal((await kept.conversation("kim", "two")).length, 1);
  assert.deepEqual(await kept.get("lee", "lee"), {});
});

test("security: a request of references reads each response once, and grows to no multiple of what is kept", async () => {
  let reads = 0;
  const counted = createKeptResponses(
    {
      ...store.responses,
      get(owner, id) {
        reads += 1;
        return store.responses.get(owner, id);
      },
    },
    clock,
  );
  const name = "0123456789abcdef".repeat(2);
  const text = "x".repeat(1024 * 1024);
  const output = [{ type: "message", role: "assistant", content: [{ type: "output_text", text }] }];
  const response = { id: `resp_${name}`, output };
  await counted.keep({ id: response.id, owner: "max", previous: undefined, items: [], response });

  const refer = (times: number) =>
    Array.from({ length: times }, () => ({ type: "item_reference", id: `msg_${name}_0` }) as const);
  assert.equal((await counted.resolve("max", refer(50))).length, 50);
  assert.equal(reads, 1);
  await assert.rejects(counted.resolve("max", refer(100)), { code: "REQUEST_TOO_LARGE" });
  await assert.rejects(counted.resolve("lee", refer(100_000)), { code: "REQUEST_INVALID" });
});
