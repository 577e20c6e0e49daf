import assert from "node:assert/strict";
import { test } from "node:test";

import { createCatchUp } from "./catch-up.ts";

test("what comes during a fetch is applied after it, in order, also when it fails", async () => {
  const seen: string[] = [];
  const catchUp = createCatchUp<string>((items) => seen.push(...items));
  catchUp.push("before");
  const fetch = Promise.withResolvers<void>();
  const during = catchUp.during(() => fetch.promise);
  catchUp.push("a");
  catchUp.push("b");
  assert.deepEqual(seen, ["before"]);
  fetch.reject(new Error("cut"));
  await assert.rejects(during);
  catchUp.push("after");
  assert.deepEqual(seen, ["before", "a", "b", "after"]);
});

test("two fetches at once: nothing flows until both are over", async () => {
  const seen: string[] = [];
  const catchUp = createCatchUp<string>((items) => seen.push(...items));
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const both = [catchUp.during(() => one.promise), catchUp.during(() => two.promise)];
  catchUp.push("a");
  one.resolve();
  await both[0];
  assert.deepEqual(seen, []);
  two.resolve();
  await both[1];
  assert.deepEqual(seen, ["a"]);
});
