import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { Fault } from "../../base/fault.ts";
import { createSigner } from "../../base/signature.ts";
import {
  artefactOf,
  createPlace,
  ggufBytes,
  never,
  orderOf,
  put,
  quiet,
  SIGNER,
  write,
} from "./examples.ts";
import { canonicalJson } from "./canonical.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { objectNames } from "./source.ts";
import { openSigned, verifyObjects } from "./verify-bundle.ts";
import { writeBundle } from "./write-bundle.ts";

const MIB = 1024 * 1024;
const minisignMissing =
  spawnSync("minisign", ["-v"]).status === 0 ? false : "there is no minisign (Debian: minisign)";

const verify = async (path: string, trusted = [SIGNER.publicKey]) => {
  const opened = await openSigned(path, trusted);
  await verifyObjects(opened, opened.manifest.objects, { onProgress: quiet, signal: never });
  return opened;
};

const isCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof Fault && error.code === code && words.test(error.message);

/** A bundle of two files, one of which is larger than the parts. */
async function example(t: TestContext, { split = true, out = "stick" } = {}) {
  const place = createPlace(t);
  const large = put(place.at("from/large.gguf"), ggufBytes(Buffer.alloc(5 * MIB, "weights")));
  const small = put(place.at("from/small.gguf"), ggufBytes("few"));
  const artefacts = [artefactOf("gguf", { "large.gguf": large, "small.gguf": small })];
  const manifest = await write(place.at(out), {
    artefacts,
    ...(split && { splitBytes: 2 * MIB }),
  });
  return { place, manifest, artefacts, out: place.at(out) };
}

const objectFiles = (out: string, manifest: Manifest) =>
  manifest.objects.flatMap(objectNames).map((name) => join(out, name));

test("a bundle is checked by sha256sum, and its parts are no larger than was said", async (t) => {
  const { out, manifest } = await example(t);
  const { status, stdout } = spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: out });
  assert.equal(status, 0);
  assert.equal(`${stdout}`.trim().split("\n").length, 4 + 2, "four objects, manifest, README");
  for (const file of objectFiles(out, manifest)) assert.ok(statSync(file).size <= 2 * MIB);
  assert.equal((await verify(out)).manifest.totals.files, 2);
  assert.ok(!existsSync(join(out, "UNFINISHED")));
});

test("minisign finds the signature of a bundle valid", { skip: minisignMissing }, async (t) => {
  const { out } = await example(t);
  const args = ["-V", "-m", "BUNDLE.json", "-P", SIGNER.publicKey];
  assert.equal(spawnSync("minisign", args, { cwd: out }).status, 0);
  writeFileSync(join(out, "BUNDLE.json"), `${readFileSync(join(out, "BUNDLE.json"), "utf8")} `);
  assert.notEqual(spawnSync("minisign", args, { cwd: out }).status, 0);
});

test("every name in a bundle is one that exFAT and FAT32 take", async (t) => {
  const { out } = await example(t);
  const names = readdirSync(out, { recursive: true }).map(String);
  assert.ok(names.length > 8);
  for (const name of names) assert.match(name, /^[A-Za-z0-9./]+$/);
});

test("one file holds the same, and any tar lists it", async (t) => {
  const { out } = await example(t, { split: false, out: "all.tar" });
  const { stdout, status } = spawnSync("tar", ["-tf", out]);
  assert.equal(status, 0);
  assert.match(`${stdout}`, /^README.txt\nBUNDLE.json\nBUNDLE.json.minisig\nSHA256SUMS\nobjects\//);
  assert.equal((await verify(out)).manifest.totals.objects, 2);
});

test("a file that is in two artefacts is stored once", async (t) => {
  const place = createPlace(t);
  const file = put(place.at("a.gguf"), ggufBytes("the same"));
  const again = put(place.at("b.gguf"), ggufBytes("the same"));
  const artefacts = [artefactOf("gguf", { "a.gguf": file, "b.gguf": again })];
  const { objects, totals } = await write(place.at("out"), { artefacts });
  assert.deepEqual([objects.length, totals.files], [1, 2]);
});

test("security: a flipped byte is found and named, wherever it is", async (t) => {
  const { out, manifest } = await example(t);
  for (const file of objectFiles(out, manifest)) {
    const bytes = readFileSync(file);
    const at = bytes.length - 1;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
    const name = new RegExp(file.split("/").at(-1) ?? "");
    await assert.rejects(verify(out), isCode("BUNDLE_CORRUPT", name));
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
  }
  await verify(out); // the control: nothing else was wrong
});

test("security: a manifest that was changed, or signed by somebody else, is seen", async (t) => {
  const { out } = await example(t);
  assert.equal((await openSigned(out, [])).signer.trusted, false);
  assert.equal((await openSigned(out, [createSigner().publicKey])).signer.trusted, false);
  const file = join(out, "BUNDLE.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("one gguf", "two gguf"));
  await assert.rejects(openSigned(out, [SIGNER.publicKey]), isCode("BUNDLE_CORRUPT"));
  writeFileSync(file, text);
  assert.equal((await openSigned(out, [SIGNER.publicKey])).signer.trusted, true);
});

test("security: what is missing, too large, strange, or a link is refused before it is read", async (t) => {
  const { out, place, manifest } = await example(t);
  const [first = ""] = objectFiles(out, manifest);
  const attack = async (change: (copy: string) => void, code: string) => {
    const copy = place.at("copy");
    cpSync(out, copy, { recursive: true });
    change(copy);
    await assert.rejects(openSigned(copy, [SIGNER.publicKey]), isCode(code));
    rmSync(copy, { recursive: true });
  };
  const inCopy = (copy: string) => join(copy, first.slice(out.length));
  await attack((copy) => rmSync(inCopy(copy)), "BUNDLE_CORRUPT");
  await attack((copy) => writeFileSync(inCopy(copy), "longer", { flag: "a" }), "BUNDLE_CORRUPT");
  await attack((copy) => put(join(copy, "objects/00/stranger"), ""), "BUNDLE_UNSAFE");
  await attack((copy) => {
    rmSync(inCopy(copy));
    symlinkSync("/etc/passwd", inCopy(copy));
  }, "BUNDLE_UNSAFE");
  await attack((copy) => {
    renameSync(join(copy, "objects"), join(copy, "elsewhere"));
    symlinkSync("elsewhere", join(copy, "objects"));
  }, "BUNDLE_UNSAFE");
  await attack((copy) => rmSync(join(copy, "BUNDLE.json.minisig")), "BUNDLE_CORRUPT");
  await attack((copy) => writeFileSync(join(copy, "UNFINISHED"), ""), "BUNDLE_UNFINISHED");
});

test("security: a manifest that lies about sizes, or names what is not safe, is refused whoever signed it", async (t) => {
  const { manifest } = await example(t);
  const [artefact] = manifest.artefacts;
  const [file] = artefact?.files ?? [];
  assert.ok(artefact && file);
  const lie = (change: Partial<typeof file>) =>
    canonicalJson({ ...manifest, artefacts: [{ ...artefact, files: [{ ...file, ...change }] }] });
  assert.ok(parseManifest(canonicalJson(manifest)), "the control is fine");
  const refused = (text: string, code: string) =>
    assert.throws(() => parseManifest(text), isCode(code), text.slice(0, 300));
  refused(lie({ sizeBytes: file.sizeBytes - 1 }), "BUNDLE_CORRUPT");
  refused(lie({ sizeBytes: -1 }), "BUNDLE_CORRUPT");
  refused(lie({ sha256: "0".repeat(64) }), "BUNDLE_CORRUPT");
  refused(
    canonicalJson({ ...manifest, totals: { ...manifest.totals, fileBytes: 1 } }),
    "BUNDLE_CORRUPT",
  );
  const [object, ...others] = manifest.objects;
  const larger = { ...object, sizeBytes: (object?.sizeBytes ?? 0) + 1 };
  refused(canonicalJson({ ...manifest, objects: [larger, ...others] }), "BUNDLE_CORRUPT");
  refused(canonicalJson({ ...manifest, schema: 2 }), "BUNDLE_CORRUPT");
  refused(canonicalJson({ ...manifest, run: "rm -rf" }), "BUNDLE_CORRUPT");
  for (const path of UNSAFE) {
    const text = canonicalJson({
      ...manifest,
      artefacts: [
        {
          ...artefact,
          files: artefact.files.map((one, at) => (at === 0 ? { ...one, path } : one)),
        },
      ],
    });
    refused(text, "BUNDLE_UNSAFE");
  }
  const links = [{ path: "a.gguf", target: "../../admin.key" }];
  refused(canonicalJson({ ...manifest, artefacts: [{ ...artefact, links }] }), "BUNDLE_UNSAFE");
});

const UNSAFE = [
  "../admin.key",
  "a/../../b",
  "/etc/passwd",
  "./a",
  "a//b",
  "",
  "a\\..\\b",
  "C:evil",
  "a\u0000b",
  "gguf.\u202Efdp",
  "\u001B[31m",
  " a",
  "a.",
  "cafe\u0301",
  "SMALL.gguf",
  "a".repeat(256),
];

test("a bundle that was stopped is gone on with, and what was written is not written again", async (t) => {
  const place = createPlace(t);
  const large = put(place.at("large.gguf"), ggufBytes(Buffer.alloc(40 * MIB, "weights")));
  const small = put(place.at("small.gguf"), ggufBytes("few"));
  const artefacts = [artefactOf("gguf", { "small.gguf": small, "large.gguf": large })];
  const order = orderOf(place.at("out"), { artefacts, splitBytes: 8 * MIB });
  const stop = new AbortController();
  const stopped = writeBundle(
    order,
    ({ doneBytes }) => doneBytes > 20 * MIB && stop.abort(),
    stop.signal,
  );
  await assert.rejects(stopped, { name: "AbortError" });
  await assert.rejects(openSigned(order.out, []), isCode("BUNDLE_UNFINISHED"));
  const parts = readdirSync(place.at("out/objects")).filter((name) => name.startsWith("part-"));
  const finished = parts.toSorted()[0] ?? "";
  const before = statSync(place.at("out/objects", finished));
  assert.equal(before.size, 8 * MIB);
  const manifest = await writeBundle(order, quiet, never);
  await verify(order.out);
  const first = objectFiles(order.out, manifest).find((file) => file.endsWith(".000")) ?? "";
  assert.equal(statSync(first).ino, before.ino, "the part that was finished is the same file");
  assert.deepEqual(
    readdirSync(place.at("out/objects")).filter((name) => name.startsWith("part")),
    [],
  );
});

test("a part that was damaged since is written again", async (t) => {
  const place = createPlace(t);
  const large = put(place.at("large.gguf"), ggufBytes(Buffer.alloc(20 * MIB, "weights")));
  const artefacts = [artefactOf("gguf", { "large.gguf": large })];
  const order = orderOf(place.at("out"), { artefacts });
  const stop = new AbortController();
  await assert.rejects(
    writeBundle(order, () => stop.abort(), stop.signal),
    { name: "AbortError" },
  );
  const [part = ""] = readdirSync(place.at("out/objects"));
  const file = openSync(place.at("out/objects", part), "r+");
  writeSync(file, "damage", 3 * MIB);
  closeSync(file);
  await writeBundle(order, quiet, never);
  await verify(order.out);
});

test("a file that changes while it is read, or is not what its name says, is not carried", async (t) => {
  const place = createPlace(t);
  const file = put(place.at("a.gguf"), ggufBytes(Buffer.alloc(20 * MIB, "weights")));
  const artefact = artefactOf("gguf", { "a.gguf": file });
  const grows = () => writeFileSync(file, "more", { flag: "a" });
  await assert.rejects(
    writeBundle(orderOf(place.at("one"), { artefacts: [artefact] }), grows, never),
    isCode("OFFLINE_SOURCE", /changed/),
  );
  const [only] = artefact.files;
  assert.ok(only);
  const files = [{ ...only, sizeBytes: statSync(file).size, sha256: "0".repeat(64) }];
  await assert.rejects(
    write(place.at("two"), { artefacts: [{ ...artefact, files }] }),
    isCode("OFFLINE_SOURCE", /damaged/),
  );
});

test("a folder with something else in it is left alone", async (t) => {
  const { out, artefacts, place } = await example(t);
  await assert.rejects(write(out, { artefacts }), isCode("BUNDLE_EXISTS"));
  mkdirSync(place.at("photos"));
  put(place.at("photos/cat.jpg"), "");
  await assert.rejects(write(place.at("photos"), { artefacts }), isCode("BUNDLE_EXISTS"));
  assert.deepEqual(readdirSync(place.at("photos")), ["cat.jpg"]);
});
