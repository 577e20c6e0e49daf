import assert from "node:assert/strict";
import { test } from "node:test";

import { isAfter } from "./cursor.ts";

test("cursors of one run compare by number, not by letters", () => {
  assert.ok(isAfter("e:10", "e:9"));
  assert.ok(!isAfter("e:9", "e:10"));
  assert.ok(!isAfter("e:9", "e:9"));
});

test("everything comes after nothing, and after another run", () => {
  assert.ok(isAfter("e:1", null));
  assert.ok(isAfter("f:1", "e:9"));
});
