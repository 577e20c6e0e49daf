import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  countFailure,
  decideLockout,
  forgiveFailure,
  type LockPolicy,
  type Tally,
  toSource,
} from "./lockout.ts";

const policy: LockPolicy = { failures: 3, windowMs: 1_000, lockMs: 5_000 };

function failAt(...times: number[]): Tally | undefined {
  let tally: Tally | undefined;
  for (const time of times) tally = countFailure(tally, policy, time);
  return tally;
}

test("a source is locked by so many failures within the window, for the time of the lock", () => {
  assert.equal(decideLockout(undefined, 0), 0);
  assert.equal(decideLockout(failAt(0, 1), 1), 0);
  assert.equal(decideLockout(failAt(0, 1, 2), 2), 5);
  assert.equal(decideLockout(failAt(0, 1, 2), 5_001), 1);
  assert.equal(decideLockout(failAt(0, 1, 2), 5_002), 0);
});

test("failures outside the window do not add up, and after a lock the count starts again", () => {
  assert.equal(decideLockout(failAt(0, 1, 1_000), 1_000), 0);
  assert.equal(decideLockout(failAt(0, 1, 2, 6_000), 6_000), 0);
  assert.equal(decideLockout(failAt(0, 1, 2, 6_000, 6_001, 6_002), 6_002), 5);
});

test("one that turned out right takes back its own count, and no other's", () => {
  const tally = failAt(0, 1, 2);
  assert.ok(tally);
  const forgiven = forgiveFailure(tally, policy);
  assert.equal(decideLockout(forgiven, 2), 0);
  assert.equal(decideLockout(countFailure(forgiven, policy, 3), 3), 5);
});

test("security: no schedule of guesses gets more than the policy lets through", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (pauses) => {
      let tally: Tally | undefined;
      let now = 0;
      const evaluated: number[] = [];
      for (const pause of pauses) {
        now += pause;
        if (decideLockout(tally, now) > 0) continue;
        evaluated.push(now);
        tally = countFailure(tally, policy, now);
      }
      // Two windows can touch: the end of one and the start of the next.
      for (const start of evaluated) {
        const within = evaluated.filter((time) => time >= start && time < start + policy.windowMs);
        assert.ok(within.length <= 2 * policy.failures - 1);
      }
    }),
  );
});

test("security: an IPv6 network and an IPv4 address in any dress are one source each", () => {
  assert.equal(toSource("2001:db8:1:2:3:4:5:6"), toSource("2001:db8:1:2::9"));
  assert.notEqual(toSource("2001:db8:1:2::9"), toSource("2001:db8:1:3::9"));
  assert.equal(toSource("::ffff:10.0.0.1"), "10.0.0.1");
  assert.equal(toSource("unix"), "unix");
});
