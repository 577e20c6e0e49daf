import assert from "node:assert/strict";
import { test } from "node:test";

import { createId } from "./ids.ts";

test("createId() gives ids that sort by time and can stand in a URL", () => {
  const times = [
    0,
    1,
    31,
    32,
    Date.UTC(2025, 0, 1),
    Date.UTC(2025, 0, 1) + 1,
    Date.UTC(2100, 0, 1),
  ];
  const ids = times.map((at) => createId("ses", at));
  assert.deepEqual(ids.toSorted(), ids);
  for (const id of ids) assert.match(id, /^ses_[0-9a-hjkmnp-tv-z]{26}$/);
});

test("security: every place of an id's chance takes every digit as often as the others", () => {
  const count = 32_000;
  const places = Array.from({ length: 16 }, () => new Map<string, number>());
  for (let i = 0; i < count; i++) {
    for (const [place, digit] of createId("x", 0).slice(-16).split("").entries()) {
      places[place]?.set(digit, (places[place].get(digit) ?? 0) + 1);
    }
  }
  for (const seen of places) {
    assert.equal(seen.size, 32);
    // 1,000 expected; a true coin is beyond these bounds once in 10^12 places.
    for (const often of seen.values()) assert.ok(often > 770 && often < 1_250, String(often));
  }
});
