import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { createFakePrograms } from "../../../test/fakes/programs.ts";
import { createLocalServer } from "./local-server.ts";
import { createServiceLog } from "./service-log.ts";

const never = () => new AbortController().signal;
const LIMITS = { readySeconds: 60, idleMinutes: 5, maxRestarts: 2 };

/** A shell script that is up when the test says so. */
function create(t: TestContext, script: string, limits: Partial<typeof LIMITS> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-service-"));
  const clock = createFakeClock();
  const programs = createFakePrograms();
  const state = { up: false, ends: 0 };
  const log = createServiceLog(join(folder, "services", "one.log"));
  const server = createLocalServer({
    id: "one",
    command: { command: "sh", args: ["-c", script], env: {}, cwd: undefined, network: "host" },
    programs,
    clock,
    log,
    isUp: async () => state.up,
    onEnd: () => void (state.ends += 1),
    limits: { ...LIMITS, ...limits },
  });
  t.after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  /** Lets real programs and the test's clock go on together until something is so. */
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      await clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { server, clock, programs, state, log, until };
}

const WAITS = "echo up >&2; while :; do sleep 0.05; done";

test("it is started at the first request, waited for with the seconds, and started once for all", async (t) => {
  const { server, programs, state, until } = create(t, WAITS);
  const said: string[] = [];
  const both = Promise.all([
    server.ensure((text) => said.push(text), never()),
    server.ensure(undefined, never()),
  ]);
  await until(() => said.length >= 3);
  state.up = true;
  let isReady = false;
  void both.then(() => (isReady = true));
  await until(() => isReady);

  assert.equal(programs.started.length, 1);
  assert.equal(said[0], "starting sh… 1 s");
  assert.equal(server.state, "running");
  assert.deepEqual(
    [programs.started[0]?.purpose, programs.started[0]?.network, programs.started[0]?.endsWithUs],
    ["models.service", "host", true],
  );
});

test("one that somebody has started by hand is used, and nothing is started", async (t) => {
  const { server, programs, state } = create(t, WAITS);
  state.up = true;
  await server.ensure(undefined, never());
  assert.equal(server.state, "elsewhere");
  assert.equal(programs.started.length, 0);
});

test("one that dies is tried again with pauses, so many times, and its last words are in the fault", async (t) => {
  const { server, programs, until, log } = create(
    t,
    "echo starting; echo CUDA out of memory >&2; exit 1",
  );
  for (let attempt = 1; attempt <= 4; attempt++) {
    let fault: unknown;
    server.ensure(undefined, never()).catch((error: unknown) => (fault = error));
    await until(() => fault !== undefined);
    const message = fault instanceof Error ? fault.message : "";
    assert.match(message, attempt <= 3 ? /ended while it started/ : /died 3 times/);
    assert.match(message, /CUDA out of memory/);
  }
  assert.equal(programs.started.length, 3);
  assert.match(readFileSync(log.path, "utf8"), /CUDA/);

  await server.stop(); // a person has looked at it
  assert.equal(server.state, "stopped");
  server.ensure(undefined, never()).catch(() => undefined);
  await until(() => programs.started.length === 4);
});

test("one that never answers is ended, and the fault says after how long", async (t) => {
  const { server, until } = create(t, WAITS, { readySeconds: 10 });
  let fault: unknown;
  server.ensure(undefined, never()).catch((error: unknown) => (fault = error));
  await until(() => fault !== undefined);
  assert.match(String(fault), /did not answer within 10 s/);
  await until(() => server.pid === undefined);
});

test("one that nobody uses is stopped, and one in use is not", async (t) => {
  const { server, state, clock, until } = create(t, WAITS);
  let isReady = false;
  void server.ensure(undefined, never()).then(() => (isReady = true));
  await until(() => server.pid !== undefined);
  state.up = true;
  await until(() => isReady);
  const over = server.use();
  await clock.advance(20 * 60_000);
  assert.equal(server.state, "running");
  over();
  await clock.advance(5 * 60_000);
  await until(() => state.ends === 1);
  assert.equal(server.state, "stopped");
});

test("who goes away while it starts stops nobody", async (t) => {
  const { server, state, until, programs } = create(t, WAITS);
  const stop = new AbortController();
  const left = server.ensure(undefined, stop.signal);
  let isReady = false;
  void server.ensure(undefined, never()).then(() => (isReady = true));
  await until(() => server.pid !== undefined);
  stop.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  state.up = true;
  await until(() => isReady);
  assert.equal(programs.started.length, 1);
});

test("the log never grows beyond twice its limit, and what is kept of it for people is plain", (t) => {
  const { log } = create(t, "");
  for (let i = 0; i < 40; i++)
    log.write(Buffer.from(`\u001b[31m${i}\u0007\n${"x".repeat(100_000)}\n`));
  assert.ok(statSync(log.path).size <= 1024 * 1024);
  assert.ok(statSync(`${log.path}.old`).size <= 1024 * 1024);
  const last = log.last();
  assert.equal(last.length, 12);
  assert.ok(last.every((line) => line.length <= 300 && !/\p{Cc}/u.test(line)));
});
