import assert from "node:assert/strict";
import { test } from "node:test";

import { abortable } from "./abortable.ts";

test("what is waited for comes through, its failure too", async () => {
  const { signal } = new AbortController();

  assert.equal(await abortable(Promise.resolve(1), signal), 1);
  await assert.rejects(abortable(Promise.reject(new Error("no")), signal), /no/);
});

test("an abort ends the wait with its reason, before and in the middle", async () => {
  const reason = new Error("stop was pressed");
  const never = new Promise<void>(() => undefined);
  const stop = new AbortController();
  const waiting = abortable(never, stop.signal);
  stop.abort(reason);

  await assert.rejects(waiting, reason);
  await assert.rejects(abortable(never, AbortSignal.abort(reason)), reason);
});
