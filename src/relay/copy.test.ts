import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";

import { systemClock } from "../base/clock.ts";
import { createEgress } from "../network/guard.ts";
import { openDoors } from "../process/doors.ts";
import type { KeepingEvent } from "../protocol/model-keeping.ts";
import { createShareStage, type ShareStage } from "../../test/fakes/share-stage.ts";
import { copyModel } from "./copy.ts";
import { createStore, manifestPath, type Store } from "./ollama-store.ts";

const NEVER = new AbortController().signal;
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "isopod-store-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A model of three parts, as Ollama lays it down. */
function writeModel(folder: string, path = "registry.ollama.ai/library/qwen3/8b") {
  const parts = [randomBytes(3_000_000), Buffer.from("{}"), Buffer.alloc(0)];
  mkdirSync(join(folder, "blobs"), { recursive: true });
  for (const part of parts) writeFileSync(join(folder, "blobs", `sha256-${sha(part)}`), part);
  const [config, ...layers] = parts.map((part) => ({
    mediaType: "x",
    digest: `sha256:${sha(part)}`,
    size: part.length,
  }));
  const manifest = JSON.stringify({ schemaVersion: 2, config, layers });
  const file = join(folder, "manifests", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, manifest);
  return { parts, manifest, biggest: `sha256:${sha(parts[0] ?? Buffer.alloc(0))}` };
}

type Copying = { store: Store; run(model?: string): Promise<KeepingEvent[]>; folder: string };

async function createCopying(t: TestContext, stage: ShareStage, token: string): Promise<Copying> {
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "device", hosts: [] }),
    ledger: { append() {} },
    clock: systemClock,
    pinOf: () => (found) => found === stage.share.status().pin,
  });
  t.after(() => egress.close());
  const folder = temporary(t);
  const store = createStore(folder);
  const url = `https://127.0.0.1:${stage.port}`;
  const from = { id: "desk", url, headers: { authorization: `Bearer ${token}` } };
  return {
    store,
    folder,
    run: (model = "qwen3:8b") =>
      Array.fromAsync(copyModel(from, model, { egress, store, clock: systemClock }, NEVER)),
  };
}

test("copyModel() brings a model byte for byte, its description last, and nothing twice", async (t) => {
  const storeFolder = temporary(t);
  const { parts, manifest } = writeModel(storeFolder);
  const stage = await createShareStage(t, { storeFolder });
  const { token } = await stage.pair(["read"]);
  const { run, folder } = await createCopying(t, stage, token);
  assert.equal((await run()).at(-1)?.type, "done");
  for (const part of parts) {
    assert.deepEqual(readFileSync(join(folder, "blobs", `sha256-${sha(part)}`)), part);
  }
  const copied = join(folder, "manifests/registry.ollama.ai/library/qwen3/8b");
  assert.equal(readFileSync(copied, "utf8"), manifest);
  assert.deepEqual(readdirSync(join(folder, "isopod-parts")), []);
  const audit = () => readFileSync(join(stage.home, "share.jsonl"), "utf8").match(/blobs/g)?.length;
  const before = audit();
  await run();
  assert.equal(audit(), before, "what is there is not fetched again");
});

test("copyModel() goes on where it was cut, after it has hashed what was there", async (t) => {
  const storeFolder = temporary(t);
  const { parts, biggest } = writeModel(storeFolder);
  const stage = await createShareStage(t, { storeFolder });
  const { token } = await stage.pair(["read"]);
  const { run, folder } = await createCopying(t, stage, token);
  const part = join(folder, "isopod-parts", biggest.replace(":", "-"));
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, parts[0]?.subarray(0, 2_000_000) ?? "");
  await run();
  const whole = readFileSync(join(folder, "blobs", biggest.replace(":", "-")));
  assert.deepEqual(whole, parts[0]);
  const line = readFileSync(join(stage.home, "share.jsonl"), "utf8")
    .split("\n")
    .find((text) => text.includes(biggest));
  assert.equal(JSON.parse(line ?? "{}").sentBytes, 1_000_000, "the rest alone was sent");
});

test("security: a part whose bytes are not what its digest says is never kept, nor is the model shown", async (t) => {
  const storeFolder = temporary(t);
  const { biggest, parts } = writeModel(storeFolder);
  const wrong = Buffer.from(parts[0] ?? "");
  wrong[1_234] = (wrong[1_234] ?? 0) ^ 1;
  writeFileSync(join(storeFolder, "blobs", biggest.replace(":", "-")), wrong);
  const stage = await createShareStage(t, { storeFolder });
  const { token } = await stage.pair(["read"]);
  const { run, folder, store } = await createCopying(t, stage, token);
  await assert.rejects(run(), { code: "SHARE_DAMAGED" });
  assert.equal(await store.sizeOf(biggest), undefined);
  assert.equal(await store.manifest("qwen3:8b"), undefined);
  assert.deepEqual(readdirSync(join(folder, "isopod-parts")), [], "and none of it is gone on with");
  writeFileSync(join(storeFolder, "blobs", biggest.replace(":", "-")), parts[0] ?? "");
  assert.equal((await run()).at(-1)?.type, "done", "the control: the right bytes are taken");
});

test("security: bytes of an earlier run that somebody changed are found by their digest", async (t) => {
  const storeFolder = temporary(t);
  const { biggest } = writeModel(storeFolder);
  const stage = await createShareStage(t, { storeFolder });
  const { token } = await stage.pair(["read"]);
  const { run, folder } = await createCopying(t, stage, token);
  const part = join(folder, "isopod-parts", biggest.replace(":", "-"));
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, Buffer.alloc(1_000));
  await assert.rejects(run(), { code: "SHARE_DAMAGED" });
  assert.equal((await run()).at(-1)?.type, "done", "the next run fetches it anew");
});

test("security: a description that lies writes nothing outside the store", async (t) => {
  const storeFolder = temporary(t);
  writeModel(storeFolder);
  const file = join(storeFolder, "manifests/registry.ollama.ai/library/qwen3/8b");
  const stage = await createShareStage(t, { storeFolder });
  const { token } = await stage.pair(["read"]);
  const { run, folder } = await createCopying(t, stage, token);
  const part = (digest: string, size = 1) => ({ digest, size });
  const good = `sha256:${"0".repeat(64)}`;
  for (const manifest of [
    { config: part("sha256:../../../../tmp/x"), layers: [] },
    { config: part(good, -1), layers: [] },
    { config: part(good, 1e300), layers: [] },
    { config: part(good), layers: Array.from({ length: 101 }, () => part(good)) },
    "text",
  ]) {
    writeFileSync(file, JSON.stringify(manifest));
    await assert.rejects(run(), { code: "SHARE_DAMAGED" });
  }
  writeFileSync(file, JSON.stringify({ config: part(good, 2 ** 52), layers: [] }));
  await assert.rejects(run(), { code: "SHARE_DAMAGED" }, "more than there is room for");
  assert.deepEqual(readdirSync(folder), []);
});

test("a model that is not there, and a device without the scope, are told in the other device's words", async (t) => {
  const storeFolder = temporary(t);
  writeModel(storeFolder);
  const stage = await createShareStage(t, { storeFolder });
  const reader = await stage.pair(["read"]);
  const { run } = await createCopying(t, stage, reader.token);
  await assert.rejects(run("none"), { code: "RELAY_MODEL_MISSING" });
  await assert.rejects(run("../../etc/passwd"), { code: "RELAY_MODEL_MISSING" });
  const other = await stage.pair(["infer"]);
  await assert.rejects((await createCopying(t, stage, other.token)).run(), { code: "SHARE_SCOPE" });
  await stage.share.stop();
  await assert.rejects(run(), { code: "SHARE_UNREACHABLE" });
});

test("manifestPath() knows Ollama's short names, and no way out of the folder", () => {
  assert.equal(manifestPath("qwen3"), "registry.ollama.ai/library/qwen3/latest");
  assert.equal(manifestPath("a/b:c"), "registry.ollama.ai/a/b/c");
  assert.equal(manifestPath("hf.co/a/b:Q4_K_M"), "hf.co/a/b/Q4_K_M");
  for (const wrong of [
    "",
    "..",
    "a/../b",
    "a/b/c/d",
    "a:b:c",
    "/a",
    "a:",
    ".a",
    "a\\b",
    "a:../b",
  ]) {
    assert.equal(manifestPath(wrong), undefined, wrong);
  }
});
