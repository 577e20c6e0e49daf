import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { inOrder, MAX_OVERTAKEN, nextOf, PRIORITIES, type Waiting } from "./order.ts";

const waiting = (more: Partial<Waiting>): Waiting => ({
  priority: "person",
  model: "a",
  sinceMs: 0,
  overtaken: 0,
  ...more,
});

const anyWaiting = fc.record({
  priority: fc.constantFrom(...PRIORITIES),
  model: fc.constantFrom("a", "b", "c"),
  sinceMs: fc.nat(400_000),
  overtaken: fc.nat(MAX_OVERTAKEN),
});

test("a person who came now goes before work of the background that waits for minutes, and not for ever", () => {
  const job = waiting({ priority: "background", sinceMs: 0 });
  assert.equal(inOrder([job, waiting({ sinceMs: 299_000 })])[0]?.priority, "person");
  assert.equal(inOrder([job, waiting({ sinceMs: 301_000 })])[0], job);
});

test("who waits for the loaded model may go first, as often as the bound says", () => {
  const first = waiting({ model: "b" });
  const loaded = waiting({ model: "a", sinceMs: 5 });
  assert.deepEqual(nextOf([first, loaded], "a", 10), { next: loaded, overtakes: [first] });
  const patient = { ...first, overtaken: MAX_OVERTAKEN };
  assert.equal(nextOf([patient, loaded], "a", 10)?.next, patient);
  assert.equal(nextOf([first, loaded], "a", 61_000)?.next, first); // and not for longer than a minute
});

test("no work of the background goes before a person to save a swap of models", () => {
  const person = waiting({ model: "b", sinceMs: 9 });
  const job = waiting({ model: "a", priority: "background" });
  assert.equal(nextOf([job, person], "a", 10)?.next, person);
});

test("property: whoever goes waits, is in order but for swaps, and overtakes nobody too often", () => {
  fc.assert(
    fc.property(
      fc.array(anyWaiting, { minLength: 1 }),
      fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
      fc.nat(500_000),
      (line, loaded, nowMs) => {
        const turn = nextOf(line, loaded, nowMs);
        assert.ok(turn && line.includes(turn.next));
        const order = inOrder(line);
        assert.deepEqual(turn.overtakes, order.slice(0, order.indexOf(turn.next)));
        for (const entry of turn.overtakes) assert.ok(entry.overtaken < MAX_OVERTAKEN);
        if (turn.overtakes.length > 0) assert.equal(turn.next.model, loaded);
      },
    ),
  );
});
