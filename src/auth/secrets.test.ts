import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { createCode, createSecret, hashSecret, isSameHash, isSecret, toCode } from "./secrets.ts";

test("secrets have 160 random bits and never come twice", () => {
  const made = Array.from({ length: 1_000 }, () => createSecret("isk"));
  assert.equal(new Set(made).size, made.length);
  for (const secret of made) assert.match(secret, /^isk_[0-9a-hjkmnp-tv-z]{32}$/);
  // Each of the 32 digits turns up at each place: 2^-35 that one does not.
  for (let place = 4; place < 36; place++) {
    assert.equal(new Set(made.map((secret) => secret[place])).size, 32);
  }
});

test("a secret is known by its form and its kind", () => {
  assert.ok(isSecret(createSecret("isd"), "isd"));
  assert.ok(!isSecret(createSecret("isd"), "isk"));
  assert.ok(!isSecret(`${createSecret("isk")} `, "isk"));
  assert.ok(!isSecret("isk_short", "isk"));
});

test("a code survives being typed", () => {
  for (let count = 0; count < 100; count++) {
    const code = createCode();
    assert.equal(toCode(code.toLowerCase().replace("-", "")), code);
  }
  assert.equal(toCode("oil0-1ABC"), "0110-1ABC");
});

test("security: hashes are compared in constant time, whatever their length", () => {
  assert.ok(isSameHash(hashSecret("a"), hashSecret("a")));
  assert.ok(!isSameHash(hashSecret("a"), hashSecret("b")));
  assert.ok(!isSameHash("", hashSecret("a")));
  const code = readFileSync(new URL("secrets.ts", import.meta.url), "utf8");
  assert.match(code, /isSameHash[^;]*timingSafeEqual\(/);
});

test("security: no secret, proof, token or hash is compared with === anywhere in this room", () => {
  const files = globSync("*.ts", { cwd: import.meta.dirname }).filter(
    (f) => !f.endsWith(".test.ts"),
  );
  assert.ok(files.length > 5);
  for (const file of files) {
    const code = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    const found =
      /(secret|proof|token|hash|cookie|key)\w*\s*[!=]==(?!\s*(undefined|""|null))/i.exec(code);
    assert.ok(!found, `${file}: ${found?.[0]}`);
  }
});
