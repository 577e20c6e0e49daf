import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createSigner, parsePublicKey, parseSigner, verifySignature } from "./signature.ts";

const minisignMissing =
  spawnSync("minisign", ["-v"]).status === 0 ? false : "there is no minisign (Debian: minisign)";
const message = Buffer.from("what is carried");

const folderOf = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-signature-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

test("a signature holds for its message and key, and tells its comment", () => {
  const signer = createSigner();
  const text = signer.sign(message, "bundle 7");
  assert.deepEqual(verifySignature(message, text, signer.publicKey), { comment: "bundle 7" });
});

test("security: another message, key or comment, a cut and a garbled text are no signature", () => {
  const signer = createSigner();
  const text = signer.sign(message, "bundle 7");
  const no = (found: unknown) => assert.equal(found, undefined);
  no(verifySignature(Buffer.from("something else"), text, signer.publicKey));
  no(verifySignature(message, text, createSigner().publicKey));
  no(verifySignature(message, text.replace("bundle 7", "bundle 8"), signer.publicKey));
  for (let length = 0; length < text.length - 3; length += 1)
    no(verifySignature(message, text.slice(0, length), signer.publicKey));
  no(verifySignature(message, "", signer.publicKey));
  no(verifySignature(message, text, "RWQ"));
  assert.ok(verifySignature(message, text, signer.publicKey), "the control holds");
});

test("a signer is kept as text and signs as before", () => {
  const signer = createSigner();
  const again = parseSigner(signer.toSecretText());
  assert.equal(again?.publicKey, signer.publicKey);
  assert.ok(verifySignature(message, again?.sign(message, "") ?? "", signer.publicKey));
  assert.equal(parseSigner("nothing"), undefined);
});

test(
  "minisign finds ours valid, and refuses it for another file",
  { skip: minisignMissing },
  (t) => {
    const folder = folderOf(t);
    const file = join(folder, "BUNDLE.json");
    const signer = createSigner();
    writeFileSync(file, message);
    writeFileSync(`${file}.minisig`, signer.sign(message, "bundle 7"));
    const check = () => spawnSync("minisign", ["-V", "-m", file, "-P", signer.publicKey]);
    const { status, stdout } = check();
    assert.deepEqual([status, /Trusted comment: bundle 7/.test(`${stdout}`)], [0, true]);
    writeFileSync(file, "something else");
    assert.notEqual(check().status, 0);
  },
);

test("what minisign signed is found valid, by its own key file", { skip: minisignMissing }, (t) => {
  const folder = folderOf(t);
  const at = (name: string) => join(folder, name);
  writeFileSync(at("m"), message);
  spawnSync("minisign", ["-G", "-W", "-p", at("k.pub"), "-s", at("k.key")]);
  spawnSync("minisign", ["-S", "-W", "-s", at("k.key"), "-m", at("m"), "-t", "by hand"]);
  const key = parsePublicKey(readFileSync(at("k.pub"), "utf8")) ?? "";
  const text = readFileSync(at("m.minisig"), "utf8");
  assert.deepEqual(verifySignature(message, text, key), { comment: "by hand" });
});
