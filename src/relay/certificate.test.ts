import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createCertificate, createKey, publicKeyOf } from "./certificate.ts";

const NOW = Date.UTC(2026, 10, 30);
const NAMES = ["192.168.1.5", "box.local", "fd00::1"];

test("createCertificate() signs itself, names what it was given, and is no authority", () => {
  const key = createKey();
  const cert = new X509Certificate(createCertificate(key, NAMES, NOW).cert);
  assert.equal(cert.verify(cert.publicKey), true);
  assert.equal(cert.ca, false);
  for (const ip of ["192.168.1.5", "fd00::1"]) assert.equal(cert.checkIP(ip), ip);
  assert.equal(cert.checkHost("box.local"), "box.local");
  assert.equal(cert.checkIP("192.168.1.6"), undefined);
  assert.ok(cert.validFromDate.getTime() < NOW && cert.validToDate.getTime() > NOW);
});

test("a new certificate of the same key has the same public key, which is what is pinned", () => {
  const key = createKey();
  const [one, other] = [0, 1].map((day) => {
    const { cert } = createCertificate(key, [`10.0.0.${day}`], NOW + day);
    return new X509Certificate(cert);
  });
  assert.notEqual(one?.serialNumber, other?.serialNumber);
  for (const cert of [one, other]) {
    assert.deepEqual(cert?.publicKey.export({ type: "spki", format: "der" }), publicKeyOf(key));
  }
});

test("dates from 2050 on are written with four digits", () => {
  const cert = createCertificate(createKey(), ["a"], Date.UTC(2049, 5, 1)).cert;
  assert.equal(new X509Certificate(cert).validToDate.getUTCFullYear(), 2051);
});

const missing = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here";

test("openssl verifies it as strictly as it can", { skip: missing }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-cert-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "cert.pem");
  writeFileSync(file, createCertificate(createKey(), NAMES, Date.now()).cert);
  const verify = (ip: string) =>
    spawnSync(
      "openssl",
      ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", ip, "-CAfile", file, file],
      { encoding: "utf8" },
    );
  const good = verify("192.168.1.5");
  assert.equal(good.status, 0, good.stderr);
  assert.notEqual(verify("192.168.1.9").status, 0, "another address is refused");
});
