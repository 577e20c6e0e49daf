import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "./fault.ts";
import { withoutLogin } from "./without-login.ts";

test("security: withoutLogin() leaves nothing of a user and a password", () => {
  const hidden = "http://…@host:1/v1";
  assert.equal(withoutLogin("http://user:pass@host:1/v1"), hidden);
  assert.equal(withoutLogin("http://user:p@s@host:1/v1"), hidden);
  assert.equal(withoutLogin("at http://key@host:1/v1"), `at ${hidden}`);
  for (const plain of ["http://host/a@b", "unix:/run/a.sock:/v1", "a@b", "https://h?x=//a"]) {
    assert.equal(withoutLogin(plain), plain);
  }
});

test("security: a server that cannot be reached is named without its password", () => {
  const url = "http://user:canary@host/v1";
  for (const code of ["MODEL_UNREACHABLE", "MODEL_V1_REWRITTEN"] as const) {
    const { message, fix } = new Fault(code, { provider: "a", url });
    assert.ok(!`${message}${fix}`.includes("canary"), code);
  }
});
