import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test, type TestContext } from "node:test";

import { systemClock } from "../../base/clock.ts";
import { openDoors } from "../../process/doors.ts";
import { createPrograms } from "../../process/programs.ts";
import type { Mode } from "../../protocol/event.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import { createInstaller } from "./installer.ts";

const never = new AbortController().signal;

test("install() has npm put exactly the locked packages into place, and says how it was done", async (t) => {
  const { installer, folder, said } = create(t);
  assert.equal(installer.status().installed, null);
  const events = await read(installer.install({ gpu: "auto" }, never));
  assert.equal(events.at(-1)?.type, "done");
  const { installed } = installer.status();
  assert.equal(installed?.version, "3.22.1");
  assert.equal(installed?.gpu, "none");
  assert.ok(existsSync(join(folder, "node_modules/made-by-npm")));
  const { args, env } = said();
  assert.deepEqual(args.slice(0, 3), ["ci", "--ignore-scripts", "--omit=optional"]);
  assert.ok(!args.includes("--offline"));
  assert.equal(env["SECRET"], undefined, "npm gets none of our keys");
  assert.equal(env["https_proxy"], "http://proxy.example");
});

for (const mode of ["device", "private"] as const) {
  test(`security: mode ${mode} asks npm for nothing, and a folder that was carried works`, async (t) => {
    const { installer, folder, said, ledger } = create(t, { mode });
    await assert.rejects(read(installer.install({ gpu: "none" }, never)), {
      code: "MODEL_ENGINE_OFFLINE",
    });
    await assert.rejects(read(installer.install({ gpu: "none", save: "/tmp/x" }, never)), {
      code: "MODEL_ENGINE_OFFLINE",
    });
    assert.deepEqual(ledger, []);
    assert.ok(!existsSync(folder));
    await read(installer.install({ gpu: "none", from: "/carried" }, never));
    assert.ok(said().args.includes("--offline"));
    assert.ok(said().args.includes("--cache=/carried"));
    assert.deepEqual(ledger, ["none"]);
    assert.ok(installer.status().installed);
  });
}

test("security: a mode that is narrowed meanwhile stops npm", async (t) => {
  const made = create(t, { npm: "sleep 60" });
  const events = made.installer.install({ gpu: "none" }, never)[Symbol.asyncIterator]();
  await events.next();
  made.setMode("private");
  await assert.rejects(async () => events.next(), { code: "MODEL_ENGINE_OFFLINE" });
  assert.equal(made.installer.status().installed, null);
});

test("what npm could not do is said in its words, and the engine of before stays", async (t) => {
  const { installer, setNpm } = create(t);
  await read(installer.install({ gpu: "none" }, never));
  setNpm("echo 'npm error code EINTEGRITY' >&2; echo 'npm error sha512 differs' >&2; exit 1");
  await assert.rejects(read(installer.install({ gpu: "none" }, never)), {
    code: "MODEL_ENGINE_FAILED",
    message: /EINTEGRITY; sha512 differs/,
  });
  assert.ok(installer.status().installed);
});

test("a stop ends npm with the reason", async (t) => {
  const { installer } = create(t, { npm: "sleep 60" });
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  const events = installer.install({ gpu: "none" }, stop.signal)[Symbol.asyncIterator]();
  await events.next();
  stop.abort(reason);
  await assert.rejects(async () => events.next(), reason);
});

test("a machine without npm is told so, and remove() leaves nothing", async (t) => {
  const { installer, folder, setNpm } = create(t);
  await read(installer.install({ gpu: "none" }, never));
  assert.deepEqual(await installer.remove(), { removed: true });
  assert.ok(!existsSync(folder));
  assert.deepEqual(await installer.remove(), { removed: false });
  setNpm(undefined);
  await assert.rejects(read(installer.install({ gpu: "none" }, never)), {
    code: "PROGRAM_MISSING",
  });
});

const WORKS = "mkdir node_modules && echo it > node_modules/made-by-npm";

function create(
  t: TestContext,
  { mode: first = "internet", npm = WORKS }: { mode?: Mode; npm?: string } = {},
) {
  const root = mkdtempSync(join(tmpdir(), "isopod-engine-"));
  const bin = join(root, "bin");
  mkdirSync(bin);
  const record = join(root, "said.json");
  let mode = first;
  const setNpm = (script: string | undefined) => {
    rmSync(join(bin, "npm"), { force: true });
    if (script === undefined) return;
    const node = `"${process.execPath}" -e 'require("fs").writeFileSync("${record}", JSON.stringify({ args: process.argv.slice(1), env: process.env }))' -- "$@"`;
    writeFileSync(join(bin, "npm"), `#!/bin/sh\n${node}\n${script}\n`, { mode: 0o755 });
  };
  setNpm(npm);
  const ledger: string[] = [];
  const programs = createPrograms({
    doors: openDoors,
    ledger: { append: ({ address }) => void ledger.push(address) },
    path: bin,
  });
  t.after(async () => {
    await programs.close();
    rmSync(root, { recursive: true, force: true });
  });
  const folder = join(root, "engine");
  const installer = createInstaller({
    programs,
    clock: systemClock,
    env: {
      PATH: ["/usr/bin", "/bin", dirname(process.execPath)].join(delimiter),
      SECRET: "of ours",
      https_proxy: "http://proxy.example",
    },
    folder,
    platform: "linux-x64",
    machine: async () => ({
      system: "linux",
      processor: "a processor",
      ramBytes: 16e9,
      gpus: [],
      unified: false,
      usable: { gpuBytes: 0, ramBytes: 14e9 },
    }),
    mode: () => mode,
    capped: false,
    unload: async () => {},
  });
  return {
    installer,
    folder,
    ledger,
    setNpm,
    setMode: (next: Mode) => void (mode = next),
    said: () =>
      JSON.parse(readFileSync(record, "utf8")) as { args: string[]; env: Record<string, string> },
  };
}

const read = (events: AsyncIterable<KeepingEvent>) => Array.fromAsync(events);
