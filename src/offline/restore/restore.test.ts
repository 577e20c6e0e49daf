import assert from "node:assert/strict";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test, type TestContext } from "node:test";

import { createSigner } from "../../base/signature.ts";
import {
  artefactOf,
  createPlace,
  ggufBytes,
  never,
  type Place,
  put,
  write,
} from "../format/examples.ts";
import type { Kind } from "../kind.ts";
import { TAR_END, toTarHeader } from "../format/tar.ts";
import { packFolder, toFolderFile } from "../kinds/folder.ts";
import { HERE, isCode, machineOf, run, sha, snapshot } from "./examples.ts";

function ollamaFiles(place: Place, content = "weights") {
  const blob = sha(content);
  const layer = { digest: `sha256:${blob}`, size: content.length };
  return {
    [`blobs/sha256-${blob}`]: put(place.at("from/blob"), content),
    "manifests/registry.ollama.ai/library/small/1b": put(
      place.at("from/manifest"),
      JSON.stringify({ config: layer, layers: [layer] }),
    ),
  };
}

const gguf = (place: Place, rest = "weights") =>
  artefactOf("gguf", { "small.gguf": put(place.at("from/small.gguf"), ggufBytes(rest)) });

async function example(t: TestContext) {
  const place = createPlace(t);
  const blobs = { "models--a--b/blobs/x1": put(place.at("from/x1"), "{}") };
  const snapshotPath = `models--a--b/snapshots/${"0".repeat(40)}/config.json`;
  const program = put(place.at("from/bin/isopod.cjs"), "the program");
  await packFolder(
    [toFolderFile(place.at("from"), "bin/isopod.cjs")],
    place.at("program.tar"),
    never,
  );
  assert.ok(program);
  await write(place.at("stick"), {
    artefacts: [
      gguf(place),
      artefactOf("ollama", ollamaFiles(place)),
      artefactOf("hf", blobs, { links: [{ path: snapshotPath, target: "models--a--b/blobs/x1" }] }),
      artefactOf("config", {
        "isopod.json": put(place.at("from/isopod.json"), '{"offline":true}'),
      }),
      artefactOf("program", { "program.tar": place.at("program.tar") }, { platform: HERE }),
    ],
  });
  return { place, link: place.at("hf/hub", snapshotPath) };
}

test("a bundle is put into place: models, Ollama's store, the cache's links, config, program", async (t) => {
  const { place, link } = await example(t);
  const { placed, kept } = await run(place);
  assert.deepEqual([placed.length, kept.length], [7, 0]);
  assert.deepEqual(readFileSync(place.at("home/models/small.gguf")), ggufBytes("weights"));
  assert.equal(readFileSync(place.at(`ollama/blobs/sha256-${sha("weights")}`), "utf8"), "weights");
  assert.ok(existsSync(place.at("ollama/manifests/registry.ollama.ai/library/small/1b")));
  assert.equal(readFileSync(link, "utf8"), "{}");
  assert.equal(readlinkSync(link), "../../blobs/x1");
  assert.equal(readFileSync(place.at("home/isopod.json"), "utf8"), '{"offline":true}');
  const [program = ""] = globSync(place.at("home/program/*/bin/isopod.cjs"));
  assert.equal(readFileSync(program, "utf8"), "the program");
  const left = [...snapshot(place.at("home")), ...snapshot(place.at("ollama"))];
  assert.deepEqual(
    left.filter((name) => name.includes("isopod-restore") || name.includes("offline")),
    [],
  );
});

test("the same again changes nothing and says that it is there", async (t) => {
  const { place } = await example(t);
  await run(place);
  const before = statSync(place.at("home/models/small.gguf"));
  const { placed, kept } = await run(place);
  assert.deepEqual([placed.length, kept.length], [0, 7]);
  assert.equal(statSync(place.at("home/models/small.gguf")).ino, before.ino);
});

test("--dry-run tells what would be placed, and touches nothing", async (t) => {
  const { place } = await example(t);
  const { placed, dryRun } = await run(place, { dryRun: true });
  assert.deepEqual([placed.length, dryRun], [7, true]);
  for (const name of ["home", "ollama", "hf", "user"]) assert.ok(!existsSync(place.at(name)));
});

test("--only takes kinds, and says so where there is none", async (t) => {
  const { place } = await example(t);
  await run(place, { only: ["gguf"] });
  assert.ok(!existsSync(place.at("ollama")));
  await assert.rejects(run(place, { only: ["image"] }), isCode("BUNDLE_NOTHING"));
});

test("security: an unknown signer is refused with the key to compare, and nothing is touched", async (t) => {
  const { place } = await example(t);
  await assert.rejects(run(place, { trusted: [] }), isCode("BUNDLE_SIGNER_UNKNOWN"));
  const trusted = [createSigner().publicKey];
  await assert.rejects(run(place, { trusted }), isCode("BUNDLE_SIGNER_UNKNOWN"));
  assert.ok(!existsSync(place.at("home")));
  await run(place); // the control: it was the signer alone
});

test("security: a flipped byte is named, and nothing is touched", async (t) => {
  const { place } = await example(t);
  const [first = ""] = globSync(place.at("stick/objects/*/*"));
  const bytes = readFileSync(first);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 0x80, 0);
  writeFileSync(first, bytes);
  await assert.rejects(
    run(place),
    isCode("BUNDLE_CORRUPT", new RegExp(first.split("/").at(-1) ?? "")),
  );
  assert.ok(!existsSync(place.at("home")));
});

test("a bundle for another platform is refused; what runs anywhere is not", async (t) => {
  const { place } = await example(t);
  const platform = "darwin-arm64";
  await assert.rejects(run(place, { platform }), isCode("BUNDLE_PLATFORM", /darwin-arm64/));
  assert.ok(!existsSync(place.at("home")));
  const { placed } = await run(place, { platform, only: ["gguf", "ollama", "config", "hf"] });
  assert.equal(placed.length, 6);
});

test("too little space is told with how much is missing, and nothing is touched", async (t) => {
  const { place } = await example(t);
  const manifest = JSON.parse(readFileSync(place.at("stick/BUNDLE.json"), "utf8"));
  const { checkPlaces } = await import("./preflight.ts");
  const sizeBytes = 2 ** 44;
  const [object] = manifest.objects;
  const huge = { ...object, sizeBytes };
  const artefacts = [
    { ...manifest.artefacts[0], files: [{ path: "a.gguf", sha256: object.sha256, sizeBytes }] },
  ];
  const bundle = { manifest: { ...manifest, objects: [huge], artefacts }, digest: "0".repeat(64) };
  await assert.rejects(
    checkPlaces(bundle, machineOf(place), {}, never),
    isCode("BUNDLE_NO_SPACE", /17592203 MB are needed/),
  );
  assert.ok(!existsSync(place.at("home")));
});

test("security: names that lead out, or that their kind never has, are refused whoever signed them", async (t) => {
  const place = createPlace(t);
  const file = put(place.at("file"), ggufBytes("x"));
  const attacks: [Kind, string][] = [
    ["gguf", "admin.key"],
    ["gguf", "below/a.gguf"],
    ["config", "admin.key"],
    ["config", "gateway.json"],
    ["state", "admin.key"],
    ["state", "secrets/cloud.key"],
    ["ollama", "id_ed25519"],
    ["ollama", `blobs/sha256-${"0".repeat(64)}`],
    ["ollama", "manifests/registry.ollama.ai/library/small"],
    ["hf", "token"],
    ["hf", "models--a--b/../../token"],
    ["program", "bin/isopod.cjs"],
    ["engine", "child.js"],
    ["image", "../a.tar"],
  ];
  for (const [at, [kind, path]] of attacks.entries()) {
    const stick = place.at(`stick-${at}`);
    const refused = (async () => {
      await write(stick, { artefacts: [artefactOf(kind, { [path]: file })] });
      await run(place, { path: stick });
    })();
    await assert.rejects(refused, isCode("BUNDLE_UNSAFE"), `${kind} ${path}`);
  }
  assert.ok(!existsSync(place.at("home")));
  await write(place.at("stick"), { artefacts: [artefactOf("gguf", { "a.gguf": file })] });
  assert.equal((await run(place)).placed.length, 1); // the control
});

test("security: an archive with ../, links or devices is refused before it is unpacked", async (t) => {
  const place = createPlace(t);
  const entry = (path: string, type = "0", link = "") => {
    const header = toTarHeader({ path: "x", sizeBytes: 0, isExecutable: false });
    header.fill(0, 0, 100);
    header.write(path, 0);
    header.write(type, 156);
    header.write(link, 157);
    header.write("        ", 148);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
    return header;
  };
  const attacks = {
    up: entry("../../admin.key"),
    absolute: entry("/etc/cron.d/x"),
    link: entry("a", "2", "/etc/passwd"),
    "hard link": entry("a", "1", "/etc/passwd"),
    device: entry("a", "3"),
    folder: entry("a", "5"),
    "long name": entry("././@LongLink", "L"),
    twice: Buffer.concat([entry("a"), entry("A")]),
  };
  for (const [name, header] of Object.entries(attacks)) {
    const archive = put(place.at(`${name}.tar`), Buffer.concat([header, TAR_END]));
    await write(place.at(`stick ${name}`), {
      artefacts: [artefactOf("engine", { "engine.tar": archive }, { platform: HERE }), gguf(place)],
    });
    await assert.rejects(
      run(place, { path: place.at(`stick ${name}`) }),
      isCode("BUNDLE_UNSAFE"),
      name,
    );
    const left = existsSync(place.at("home")) ? snapshot(place.at("home")) : [];
    assert.deepEqual(
      left.filter((path) => !path.includes("gateway.lock")),
      [],
      name,
    );
  }
  const fine = put(place.at("fine.tar"), Buffer.concat([entry("a"), TAR_END]));
  await write(place.at("stick"), {
    artefacts: [artefactOf("engine", { "engine.tar": fine }, { platform: HERE })],
  });
  await run(place);
  assert.ok(existsSync(place.at("home/engine/a")), "the control is unpacked");
});

test("security: a link on this machine cannot lead a restore out of its folder", async (t) => {
  const { place } = await example(t);
  mkdirSync(place.at("ollama"), { recursive: true });
  mkdirSync(place.at("elsewhere"));
  symlinkSync(place.at("elsewhere"), place.at("ollama/blobs"));
  await assert.rejects(run(place), isCode("BUNDLE_CONFLICT"));
  assert.deepEqual(snapshot(place.at("elsewhere")), []);
});

test("a file of the same name with another content is kept, unless it is to be moved aside", async (t) => {
  const { place } = await example(t);
  put(place.at("home/models/small.gguf"), ggufBytes("my own"));
  await assert.rejects(run(place), isCode("BUNDLE_CONFLICT", /small\.gguf/));
  assert.deepEqual(readFileSync(place.at("home/models/small.gguf")), ggufBytes("my own"));
  const { placed } = await run(place, { replace: true });
  const aside = placed.find(({ kind }) => kind === "gguf")?.aside ?? "";
  assert.deepEqual(readFileSync(aside), ggufBytes("my own"));
  assert.deepEqual(readFileSync(place.at("home/models/small.gguf")), ggufBytes("weights"));
});

test("security: a config that is there stays in force, whatever a bundle would allow", async (t) => {
  const { place } = await example(t);
  put(place.at("home/openclaw.json"), '{"offline":true,"gateway":{}}');
  await run(place);
  assert.ok(!existsSync(place.at("home/isopod.json")), "it would win over the other");
  assert.equal(readFileSync(place.at("home/isopod.from-bundle.json"), "utf8"), '{"offline":true}');
});

test("what is no GGUF file, or a manifest of Ollama's without its blobs, is refused", async (t) => {
  const place = createPlace(t);
  const file = put(place.at("a"), "no model at all");
  await write(place.at("stick"), { artefacts: [artefactOf("gguf", { "a.gguf": file })] });
  await assert.rejects(run(place), isCode("BUNDLE_CORRUPT", /GGUF/));
  const { "manifests/registry.ollama.ai/library/small/1b": only } = ollamaFiles(place);
  const files = { "manifests/registry.ollama.ai/library/small/1b": only ?? "" };
  await write(place.at("two"), { artefacts: [artefactOf("ollama", files)] });
  await assert.rejects(
    run(place, { path: place.at("two") }),
    isCode("BUNDLE_CORRUPT", /not in the bundle/),
  );
  assert.ok(!existsSync(place.at("home")) && !existsSync(place.at("ollama")));
});
