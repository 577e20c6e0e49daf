/** The gateway's own parts behind the preload: what they need passes, in the very process where nothing else does. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { PRELOAD, takeDoors } from "../process/doors.ts";

const run = promisify(execFile);
const src = (name: string) => JSON.stringify(new URL(`../${name}`, import.meta.url).href);

test("takeDoors() opens all doors where there is no preload, and throws GUARD_MISSING when strict", () => {
  const doors = takeDoors({ strict: false });
  assert.equal(doors.guarded, false);
  assert.equal(
    doors.connect(() => "through"),
    "through",
  );
  assert.throws(() => takeDoors({ strict: true }), { code: "GUARD_MISSING" });
});

for (const loading of ["--require", "require() first of all"]) {
  test(`listeners, egress, programs and workers work behind the preload (${loading})`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "isopod-guarded-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(
      join(folder, "worker.cjs"),
      'require("node:worker_threads").parentPort.postMessage("worked")',
    );
    const preload = fileURLToPath(PRELOAD);
    const flags = loading === "--require" ? ["--require", preload] : [];
    const first = `process.getBuiltinModule("node:module").createRequire("/")(${JSON.stringify(preload)});`;
    const code = `${flags.length > 0 ? "" : first} (${gateway(folder)})()`;
    const args = [...flags, "--input-type=module", "-e", code];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    const said: unknown = JSON.parse(stdout);
    assert.deepEqual(said, {
      guarded: true,
      tcp: "hello 127.0.0.1",
      unix: "hello unix",
      program: "ran\n",
      worker: "worked",
      name: "resolved",
      second: "GUARD_TAKEN",
      blocked: "EGRESS_BLOCKED",
      attempts: ["connection"],
    });
  });
}

function gateway(folder: string): string {
  return `async () => {
    const { takeDoors } = await import(${src("process/doors.ts")});
    const { createPrograms } = await import(${src("process/programs.ts")});
    const { runProgram } = await import(${src("process/run.ts")});
    const { createEgress } = await import(${src("network/guard.ts")});
    const { createListeners } = await import(${src("network/listen.ts")});
    const { systemClock: clock } = await import(${src("base/clock.ts")});
    const { silentLog: log } = await import(${src("base/log.ts")});
    const lines = [];
    const ledger = { append: (line) => lines.push(line) };
    const doors = takeDoors({ strict: true });
    const listeners = createListeners({ doors, ledger, log, limits: { graceMs: 50 } });
    const programs = createPrograms({ doors, ledger, path: "/usr/bin:/bin" });
    const { lookup } = await import("node:dns/promises");
    const policy = () => ({ mode: "private", hosts: [] });
    const egress = createEgress({ doors, ledger, clock, policy });
    const signal = AbortSignal.timeout(10_000);
    const fetch = (_, peer) => new Response("hello " + peer);
    const path = ${JSON.stringify(join(folder, "run", "g.sock"))};
    const tcp = await listeners.serveTcp({ host: "localhost", port: 0, fetch });
    const unix = await listeners.serveUnix({ path, fetch });
    const get = async (url) => (await egress.request({ url, purpose: "test", signal })).text();
    const code = (error) => error.cause?.code ?? error.code;
    const start = { command: "echo", args: ["ran"], purpose: "test", network: "none" };
    const url = new URL(${JSON.stringify(join(folder, "worker.cjs"))}, "file:///");
    const worker = programs.startWorker({ url, purpose: "test" });
    const message = new Promise((resolve) => worker.once("message", resolve));
    const said = {
      guarded: doors.guarded,
      tcp: await get(tcp.url),
      unix: await get(unix.url),
      program: (await runProgram(programs, start)).stdout,
      worker: await message,
      name: await doors.resolve(() => lookup("localhost")).then(() => "resolved"),
      second: (() => { try { takeDoors({ strict: true }); } catch (error) { return error.code; } })(),
      blocked: await globalThis.fetch(tcp.url).catch(code),
      attempts: lines.filter(({ kind }) => kind === "attempt").map(({ purpose }) => purpose),
    };
    await Promise.all([tcp.close(), unix.close(), programs.close()]);
    egress.close();
    console.log(JSON.stringify(said));
  }`;
}
