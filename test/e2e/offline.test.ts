/** The guide to life without the internet, typed line by line: on one machine, then on another. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createPlace, type Place, put } from "../../src/offline/format/examples.ts";
import { createMachine, type Machine, ROOT } from "./machine.ts";
import { namespacesMissing } from "./needs.ts";

const minisignMissing =
  spawnSync("minisign", ["-v"]).status === 0 ? false : "there is no minisign (Debian: minisign)";

const sha = (text: string) => createHash("sha256").update(text).digest("hex");

/** A machine with a model in Ollama's store and a config that names it. */
function createOld(t: TestContext, place: Place): Machine {
  const machine = createMachine(t, {
    config: {
      agents: { defaults: { model: { primary: "ollama/small:1b" } } },
      models: {
        providers: { other: { apiKey: "sk-very-secret", baseUrl: "http://10.0.0.2:1/v1" } },
      },
    },
    env: { OLLAMA_MODELS: place.at("ollama-old") },
  });
  const weights = "weights of a model";
  const layer = { digest: `sha256:${sha(weights)}`, size: weights.length };
  put(place.at("ollama-old/blobs", `sha256-${sha(weights)}`), weights);
  put(
    place.at("ollama-old/manifests/registry.ollama.ai/library/small/1b"),
    JSON.stringify({ config: layer, layers: [layer] }),
  );
  return machine;
}

/** The lines of code of a page, less those that are JSON. */
const typedIn = (page: string) =>
  Array.from(
    readFileSync(join(ROOT, page), "utf8").matchAll(/^ {4}((?:isopod|cd|minisign) .*)$/gm),
    ([, line = ""]) => line,
  );

test("docs/offline.md: every line of it can be typed", { skip: minisignMissing }, async (t) => {
  const place = createPlace(t);
  const old = createOld(t, place);
  await old.json(0, ["mode", "show", "--json"]); // a first start makes the state that is carried
  const fresh = createMachine(t, { env: { OLLAMA_MODELS: place.at("ollama-new") } });
  mkdirSync(place.at("stick"));
  put(place.at("passphrase.txt"), "correct horse battery\n");
  put(
    place.at("bin/isopod"),
    `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/bin/isopod.cjs" "$@"\n`,
  );
  chmodSync(place.at("bin/isopod"), 0o755);
  let key = "none yet";
  const lines = typedIn("docs/offline.md");
  assert.ok(lines.length >= 14, "the page has its commands");
  for (const line of lines) {
    const isThere = /offline (verify|restore|drill .+)|minisign|sha256sum/.test(line);
    const words = line
      .replaceAll("/media/stick", place.at("stick"))
      .replaceAll("KEY", key)
      // Isopod itself has 200 MB: it is carried in another test.
      .replace(
        /(offline bundle .*)/,
        line.includes("sealed") ? "$1 --only state" : "$1 --only models,config",
      );
    const { env } = isThere ? fresh : old;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", words], {
      cwd: place.root,
      env: { ...env, PATH: `${place.at("bin")}:${process.env["PATH"] ?? ""}` },
      encoding: "utf8",
    });
    // Nothing answers as a model server here, so that no model can be measured, or used in a drill.
    const isDrill = line.includes("offline drill");
    const wanted = isDrill && namespacesMissing ? 2 : isDrill || line.includes("prepare") ? 1 : 0;
    assert.equal(status, wanted, `${line}\n${stdout}${stderr}`);
    if (isDrill && wanted === 1)
      assert.deepEqual(failedIn(stdout), ["the model of the config answers"]);
    key = /(RW[\w+/]{54})$/m.exec(stdout)?.[1] ?? key;
    if (line.includes("bundle"))
      assert.match(stderr, line.includes("sealed") ? /^$/ : /apiKey: a secret/);
  }
  assert.ok(existsSync(place.at("ollama-new/manifests/registry.ollama.ai/library/small/1b")));
  assert.doesNotMatch(readFileSync(fresh.path("isopod.json"), "utf8"), /very-secret/);
  assert.ok(existsSync(fresh.path("isopod.db")), "the conversations came sealed");
  const [shown] = await fresh.json(0, ["mode", "show", "--json"]);
  assert.equal(shown?.["mode"], "private", "the new machine begins with a mode of its own");
});

/** The steps of a drill that failed, as a person reads them. */
const failedIn = (stdout: string) =>
  Array.from(stdout.matchAll(/^FAILED +(.*?) {2,}/gm), ([, step = ""]) => step);

test("docs/offline.ko.md has the same lines to be typed", () => {
  assert.deepEqual(typedIn("docs/offline.ko.md"), typedIn("docs/offline.md"));
});

test("scripts read status, plan, bundle, verify and restore as JSON, with the exit codes that are told", async (t) => {
  const place = createPlace(t);
  const old = createOld(t, place);
  const [status] = await old.json(0, ["offline", "status", "--json"]);
  assert.equal(status?.["ready"], true);
  const [plan] = await old.json(0, ["offline", "plan", "--json"]);
  assert.equal(plan?.["complete"], true);
  const stick = place.at("stick");
  const only = ["--only", "models,config"];
  const [bundle] = await old.json(0, ["offline", "bundle", "--out", stick, ...only, "--json"]);
  const key = String(bundle?.["key"]);
  assert.deepEqual(bundle?.["struck"], ["models.providers.other.apiKey"]);
  await old.json(0, ["offline", "verify", stick, "--json"]); // one's own key is known
  const fresh = createMachine(t, { env: { OLLAMA_MODELS: place.at("ollama-new") } });
  const [unknown] = await fresh.json(1, ["offline", "verify", stick, "--json"]);
  assert.deepEqual([unknown?.["ok"], unknown?.["intact"]], [false, true]);
  await fresh.json(1, ["offline", "restore", stick, "--json"]);
  const [restored] = await fresh.json(0, ["offline", "restore", stick, "--trust", key, "--json"]);
  assert.match(JSON.stringify(restored), /"ollama".*"ollama".*"config"/);
  const object = place.at(
    "stick/objects",
    sha("weights of a model").slice(0, 2),
    sha("weights of a model"),
  );
  writeFileSync(object, "weights of a modem");
  const [broken] = await old.json(1, ["offline", "verify", stick, "--json"]);
  assert.match(JSON.stringify(broken), /BUNDLE_CORRUPT.*weights|BUNDLE_CORRUPT/);
  await old.json(2, ["offline", "verify", place.at("nowhere"), "--json"]);
  await old.json(2, ["offline", "bundle", "--out", stick, "--json"]);
  await old.json(2, ["offline", "bundle", "--out", place.at("x.tar"), "--split", "4G", "--json"]);
  await old.json(2, ["offline", "bundle", "--out", place.at("x"), "--only", "photos", "--json"]);
});

test("Isopod itself is carried, and runs from where it was put, with the Node that came along", async (t) => {
  const place = createPlace(t);
  const old = createMachine(t);
  const [bundle] = await old.json(0, [
    "offline",
    "bundle",
    "--out",
    place.at("all.tar"),
    "--only",
    "program",
    "--json",
  ]);
  const fresh = createMachine(t);
  const words = [
    "offline",
    "restore",
    place.at("all.tar"),
    "--trust",
    String(bundle?.["key"]),
    "--json",
  ];
  const [restored] = await fresh.json(0, words);
  const [{ path = "" } = {}] = (restored?.["placed"] ?? []) as { path?: string }[];
  const node = join(path, "node_modules", `node-${process.platform}-${process.arch}`, "bin/node");
  const { stdout, stderr } = spawnSync(
    node,
    [join(path, "bin/isopod.cjs"), "mode", "show", "--json"],
    {
      env: fresh.env,
      encoding: "utf8",
    },
  );
  assert.equal(JSON.parse(stdout || "{}").mode, "private", stderr);
});
