import assert from "node:assert/strict";
import { test } from "node:test";

import { parseAddress, toHash } from "./address.ts";

test("the fragment names a session or brings a pairing code", () => {
  assert.deepEqual(parseAddress("#pair=KQ7M-2XVD"), { kind: "pair", code: "KQ7M-2XVD" });
  assert.deepEqual(parseAddress(toHash("ses_01k8x")), { kind: "session", id: "ses_01k8x" });
  assert.deepEqual(parseAddress(toHash(null)), { kind: "home" });
});

test("anything else is home, and breaks nothing", () => {
  for (const hash of ["", "#", "#/s/", "#/s/../../api", "#pair=", "#pair=abc", "#x"]) {
    assert.deepEqual(parseAddress(hash), { kind: "home" }, hash);
  }
  assert.deepEqual(parseAddress("#pair=%E0%A4%A"), { kind: "pair", code: "%E0%A4%A" });
});
