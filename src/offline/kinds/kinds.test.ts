import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test, type TestContext } from "node:test";

import { Fault } from "../../base/fault.ts";
import { createPlace, ggufBytes, put } from "../format/examples.ts";
import { findGguf, toGguf } from "./gguf.ts";
import { toHuggingFace } from "./hugging-face.ts";
import { listOllama, manifestPath, ollamaStores, toOllama } from "./ollama.ts";
import { listProgram } from "./program.ts";
import { toNeeded } from "./needed.ts";

const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const isCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof Fault && error.code === code && words.test(error.message);

function createOllama(t: TestContext, name = "registry.ollama.ai/library/small/1b") {
  const place = createPlace(t);
  const layer = (text: string) => {
    put(place.at("blobs", `sha256-${sha(text)}`), text);
    return { digest: `sha256:${sha(text)}`, size: text.length };
  };
  const manifest = { config: layer("{}"), layers: [layer("weights"), layer("template")] };
  put(place.at("manifests", name), JSON.stringify(manifest));
  return place;
}

test("Ollama's names become the paths of its manifests, and what could lead elsewhere is none", () => {
  assert.equal(manifestPath("qwen3:8b"), "registry.ollama.ai/library/qwen3/8b");
  assert.equal(manifestPath("kim/mine"), "registry.ollama.ai/kim/mine/latest");
  assert.equal(manifestPath("hf.co/org/repo:Q4_K_M"), "hf.co/org/repo/Q4_K_M");
  for (const name of ["../../etc/passwd", "a/b/c/d", "", "a:..", "/etc/passwd", "a b"])
    assert.equal(manifestPath(name), undefined, name);
});

test("a model of Ollama's is its manifest, last, and all blobs that it names", (t) => {
  const place = createOllama(t);
  assert.deepEqual(listOllama([place.root]), ["small:1b"]);
  const model = toOllama("small:1b", ["/nowhere", place.root]);
  assert.equal(model?.files.length, 4);
  assert.equal(model?.files.at(-1)?.path, "manifests/registry.ollama.ai/library/small/1b");
  assert.equal(model?.files[0]?.sha256, sha("weights"));
  assert.equal(toOllama("large:70b", [place.root]), undefined);
});

test("a model of Ollama's that is not whole is said to be so, by the blob", (t) => {
  const place = createOllama(t);
  writeFileSync(place.at("blobs", `sha256-${sha("weights")}`), "weigh");
  assert.throws(() => toOllama("small:1b", [place.root]), isCode("OFFLINE_SOURCE", /5 of 7 bytes/));
});

test("stores are looked for where the environment says, at home, and where the service has its own", () => {
  const stores = ollamaStores({ OLLAMA_MODELS: "/data/models", HOME: "/home/me" });
  assert.deepEqual(stores.slice(0, 3), [
    "/data/models",
    "/home/me/.ollama/models",
    "/usr/share/ollama/.ollama/models",
  ]);
});

test("a GGUF model comes with all its parts and its eyes, and not with another's", (t) => {
  const place = createPlace(t);
  const names = [
    "big-00001-of-00002.gguf",
    "big-00002-of-00002.gguf",
    "mmproj-big-f16.gguf",
    "mmproj-other-f16.gguf",
    "other.gguf",
  ];
  for (const name of names) put(place.at(name), ggufBytes());
  const [big] = findGguf(place.root);
  assert.ok(big);
  assert.deepEqual(
    toGguf(big).files.map(({ path }) => path),
    names.slice(0, 3),
  );
  put(place.at("bad.gguf"), "no model");
  const bad = findGguf(place.root).find(({ id }) => id === "bad");
  assert.ok(bad);
  assert.throws(() => toGguf(bad), isCode("MODEL_FILE_UNREADABLE"));
});

const REVISION = "0123456789abcdef0123456789abcdef01234567";

function createHub(t: TestContext) {
  const place = createPlace(t);
  const root = "models--org--small";
  const link = (name: string, blob: string) => {
    const path = place.at(root, "snapshots", REVISION, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(blob, path);
  };
  put(place.at(root, "refs/main"), REVISION);
  put(place.at(root, "blobs", sha("weights")), "weights");
  put(place.at(root, "blobs/abc"), "{}");
  link("model.safetensors", `../../blobs/${sha("weights")}`);
  link("config.json", "../../blobs/abc");
  return { place, link, root };
}

test("a repository of Hugging Face's cache is its blobs, with its names as data", (t) => {
  const { place, root } = createHub(t);
  const model = toHuggingFace("org/small", place.root);
  assert.deepEqual(model?.files.map(({ path }) => path).toSorted(), [
    `${root}/blobs/${sha("weights")}`,
    `${root}/blobs/abc`,
    `${root}/refs/main`,
  ]);
  assert.deepEqual(model?.links?.length, 2);
  assert.equal(toHuggingFace("org/none", place.root), undefined);
  assert.equal(toHuggingFace("../../etc", place.root), undefined);
});

test("security: a repository that brings code, or leads out of its folder, is not carried", (t) => {
  const { place, link, root } = createHub(t);
  writeFileSync(place.at(root, "blobs/abc"), '{"auto_map": {"AutoModel": "m.M"}}');
  assert.throws(() => toHuggingFace("org/small", place.root), isCode("OFFLINE_SOURCE", /code/));
  writeFileSync(place.at(root, "blobs/abc"), "{}");
  link("token", put(place.at("token"), "secret"));
  assert.throws(() => toHuggingFace("org/small", place.root), isCode("OFFLINE_SOURCE", /out of/));
});

test("Isopod is carried with what it runs with, and without what it is developed with", () => {
  const paths = listProgram(new URL("../../..", import.meta.url).pathname).map(({ path }) => path);
  for (const path of [
    "bin/isopod.cjs",
    "src/main.ts",
    "src/network/preload.cjs",
    "demo-model/demo-q8_0.gguf",
  ])
    assert.ok(paths.includes(path), path);
  assert.ok(paths.some((path) => path.startsWith("node_modules/zod/")));
  assert.ok(!paths.some((path) => /^node_modules\/(typescript|vite|playwright-core)\//.test(path)));
  assert.ok(!paths.some((path) => path.endsWith(".test.ts")));
});

test("where a model is follows from its address, what the config declares, and its name", () => {
  const settings = (providers: object) =>
    ({ mode: "merge", params: {}, providers }) as unknown as Parameters<typeof toNeeded>[1]; // the rest has defaults
  const at = (ref: string, providers: object = {}) => {
    const { product, locality } = toNeeded(ref, settings(providers));
    return `${product} ${locality}`;
  };
  assert.equal(at("ollama/qwen3:8b"), "ollama device");
  assert.equal(at("ollama/qwen3:480b-cloud"), "ollama cloud");
  assert.equal(at("anthropic/claude"), "anthropic cloud");
  assert.equal(at("embedded/mini"), "embedded embedded");
  assert.equal(
    at("mine/m", { mine: { api: "ollama", baseUrl: "http://192.168.1.4:11434" } }),
    "ollama lan",
  );
  assert.equal(at("mine/m", { mine: { baseUrl: "http://100.64.0.3:1/v1" } }), "custom mesh");
  assert.equal(at("mine/m", { mine: { baseUrl: "https://api.example.com/v1" } }), "custom cloud");
});
