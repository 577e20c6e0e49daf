import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createTestRouter, ollama, signal, SMALL } from "../../../test/fakes/router.ts";
import { modelsSetting } from "../settings.ts";
import { type AdviceDeps, createAdviceChecks } from "./checks.ts";

const PID = 4711;

async function run(t: TestContext, code: string, environ: string, more: Partial<AdviceDeps> = {}) {
  const { target } = await ollama(t, [{ ...SMALL, loadedContextTokens: 8192 }]);
  const { router } = createTestRouter({ targets: [target] });
  t.after(() => router.close());
  const proc = mkdtempSync(join(tmpdir(), "isopod-proc-"));
  t.after(() => rmSync(proc, { recursive: true, force: true }));
  mkdirSync(join(proc, String(PID)));
  writeFileSync(join(proc, String(PID), "environ"), environ);
  const checks = createAdviceChecks({
    models: router,
    settings: modelsSetting.schema.parse({}),
    named: ["ollama/qwen3:8b"],
    exposureOf: async () => [],
    ownerOf: async () => ({ pid: PID }),
    memoryBytes: 32e9,
    proc,
    ...more,
  });
  const check = checks.find((check) => check.code === code);
  assert.ok(check);
  return check.run(signal());
}

test("models.ollama reads how the program that holds the port was started", async (t) => {
  const result = await run(t, "models.ollama", "HOME=/root\0OLLAMA_KEEP_ALIVE=0\0");
  assert.ok(result.state === "warning");
  assert.equal(result.fault.code, "MODEL_OLLAMA_SETTING");
  assert.match(result.fault.message, /OLLAMA_KEEP_ALIVE=0/);
});

test("models.ollama is well where nothing is set, and says what it may not read", async (t) => {
  const well = await run(t, "models.ollama", "PATH=/bin\0");
  assert.deepEqual(well, { state: "ok", detail: "nothing to change" });
  const unread = await run(t, "models.ollama", "", { ownerOf: async () => undefined });
  assert.match(unread.state === "ok" ? unread.detail : "", /not for this user to read/);
});

test("models.exposed warns of a server that others can reach, with its own way to change that", async (t) => {
  const exposureOf = async () => ["all addresses"];
  const result = await run(t, "models.exposed", "", { exposureOf });
  assert.ok(result.state === "warning");
  assert.equal(result.fault.code, "MODEL_SERVER_EXPOSED");
  assert.match(result.fault.fix, /OLLAMA_HOST=127\.0\.0\.1/);
  assert.match(result.fault.fix, /`ollama serve` has no --host.*isopod share start/);
  assert.equal((await run(t, "models.exposed", "")).state, "ok");
});

test("models.exposed finds one that listens for others alone, which nobody asks on loopback", async (t) => {
  const exposureOf = async (port: number) => (port === 1_234 ? ["192.168.1.5"] : []);
  const result = await run(t, "models.exposed", "", { exposureOf });
  assert.ok(result.state === "warning");
  assert.match(result.fault.message, /lmstudio.*192\.168\.1\.5/);
});
