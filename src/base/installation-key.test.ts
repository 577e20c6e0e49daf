import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { isSignedBy, openSigner } from "./installation-key.ts";

const CONTENT = Buffer.from("what was seen\n");

test("the key of an installation is made once and is its owner's alone", (t) => {
  const home = folder(t);
  const { publicKey } = openSigner(home);
  assert.equal(openSigner(home).publicKey, publicKey);
  assert.equal(statSync(join(home, "signing.key")).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(home, "signing.pub"), "utf8"), publicKey);
  assert.notEqual(openSigner(folder(t)).publicKey, publicKey);
});

test("security: a signature holds for its content, comment and key, and for no other", (t) => {
  const { publicKey, sign } = openSigner(folder(t));
  const signature = sign(CONTENT, "a proof");
  assert.equal(isSignedBy(publicKey, CONTENT, signature), true);
  assert.equal(isSignedBy(publicKey, Buffer.from("what was not\n"), signature), false);
  assert.equal(isSignedBy(publicKey, CONTENT, signature.replace("a proof", "b proof")), false);
  assert.equal(isSignedBy(openSigner(folder(t)).publicKey, CONTENT, signature), false);
  for (const other of ["", "a\nb\nc\nd\n", signature.slice(0, 80)]) {
    assert.equal(isSignedBy(publicKey, CONTENT, other), false);
  }
  assert.throws(() => sign(CONTENT, "two\nlines"), RangeError);
});

const missing = spawnSync("minisign", ["-v"]).error ? "there is no `minisign` here" : false;

test("minisign itself takes our signatures, and refuses a changed file", { skip: missing }, (t) => {
  const home = folder(t);
  const { sign } = openSigner(home);
  const file = join(home, "proof.json");
  writeFileSync(file, CONTENT);
  writeFileSync(`${file}.minisig`, sign(CONTENT, "a proof of November"));
  const check = () =>
    spawnSync("minisign", ["-V", "-p", join(home, "signing.pub"), "-m", file], {
      encoding: "utf8",
    });
  const { status, stdout, stderr } = check();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Signature and comment signature verified[^]*a proof of November/);
  writeFileSync(file, "what was not\n");
  assert.notEqual(check().status, 0);
});

function folder(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), "isopod-signature-"));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}
