import assert from "node:assert/strict";
import { test } from "node:test";

import { editDistance, nearest } from "./nearest.ts";

test("nearest() finds the word that was meant", () => {
  assert.equal(nearest("ofline", ["offline", "online"]), "offline");
  assert.equal(nearest("bseUrl", ["baseUrl", "apiKey"]), "baseUrl");
  assert.equal(nearest("Sandbxo", ["sandbox"]), "sandbox");
});

test("nearest() finds nothing when nothing is near", () => {
  assert.equal(nearest("colour", ["sandbox", "models"]), undefined);
  assert.equal(nearest("x", ["yz"]), undefined);
});

test("editDistance() counts a swap of neighbours once", () => {
  assert.equal(editDistance("newtork", "network"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("same", "same"), 0);
});
