import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createFakeClock } from "../../test/fakes/clock.ts";
import { settings } from "../settings.ts";
import { createConfigChecks } from "./checks.ts";
import { loadConfig } from "./load.ts";
import { configRoutes } from "./routes.ts";
import { type ConfigState, watchConfig } from "./watch.ts";

const BEFORE = `{ gateway: { port: 1800 }, models: { providers: { a: {
  baseUrl: "http://127.0.0.1:1/v1", apiKey: "first-key" } } } }`;

/** A file, what is in force of it, and a watch over it. */
function scene(t: TestContext, text: string | null = BEFORE) {
  const home = mkdtempSync(join(tmpdir(), "isopod-watch-"));
  t.after(() => rmSync(home, { recursive: true }));
  const path = join(home, "isopod.json");
  const write = (text: string) => writeFileSync(path, text);
  if (text !== null) write(text);
  const load = () => loadConfig({ home, env: {}, settings });
  const { config, file } = load();
  const clock = createFakeClock();
  const told: ConfigState[] = [];
  const watch = watchConfig({
    file,
    inForce: config,
    load: () => load().config,
    settings,
    clock,
    onChange: (state) => void told.push(state),
  });
  t.after(() => watch.close());
  const [check] = createConfigChecks({ watch, file });
  const [route] = configRoutes({ config, file, watch });
  return { write, watch, clock, told, check, route, file, config };
}

const signal = new AbortController().signal;

test("a file that is as it was at the start is well", async (t) => {
  const { clock, told, check, file } = scene(t);
  await clock.advance(60_000);
  assert.deepEqual(told, []);
  assert.deepEqual(await check?.run(signal), { state: "ok", detail: `"${file}" is in force` });
});

test("a changed value is seen within seconds, told once, and holds from the next start", async (t) => {
  const { clock, told, check, write, config } = scene(t);
  write(BEFORE.replace("1800", "1801"));
  await clock.advance(2_000);
  await clock.advance(60_000);
  assert.deepEqual(told, [{ state: "changed", paths: ["gateway.port"] }]);
  const result = await check?.run(signal);
  assert.ok(result?.state === "warning");
  assert.equal(result.fault.code, "CONFIG_CHANGED");
  assert.match(result.fault.fix, /isopod gateway restart/);
  assert.match(JSON.stringify(config.report.effective), /1800/, "what is in force stays");
});

test("a new comment changes nothing, and a value put back is no change", async (t) => {
  const { watch, write } = scene(t);
  write(`// mine\n${BEFORE}`);
  assert.deepEqual(watch.look(), { state: "same" });
  write(BEFORE.replace("1800", "1801"));
  assert.equal(watch.look().state, "changed");
  write(BEFORE);
  assert.deepEqual(watch.look(), { state: "same" });
});

test("a broken file leaves the old config in force, and its own fault is told", async (t) => {
  const { told, check, write } = scene(t);
  write("{ gateway: }");
  const result = await check?.run(signal);
  assert.ok(result?.state === "warning");
  assert.equal(result.fault.code, "CONFIG_CHANGE_REFUSED");
  assert.match(result.fault.message, /goes on with the config .* line 1, column 12/);
  assert.equal(told[0]?.state, "broken");
  write("{ gateway: { port: 99999 } }");
  const second = await check?.run(signal);
  assert.ok(second?.state === "warning");
  assert.match(second.fault.message, /gateway\.port = 99999/);
  assert.match(
    second.fault.fix,
    /^Edit the file and run `isopod gateway restart`: Set gateway\.port to /,
  );
});

test("a file that appears where none was is a change, and one that goes away is one", async (t) => {
  const { watch, write, file } = scene(t, null);
  write("{ offline: true }");
  assert.deepEqual(watch.look(), { state: "changed", paths: ["offline"] });
  rmSync(file);
  assert.deepEqual(watch.look(), { state: "same" });
});

test("security: a changed secret is told as changed, and neither value is printed", async (t) => {
  const { watch, write, route } = scene(t);
  write(BEFORE.replace("first-key", "second-key"));
  assert.deepEqual(watch.look(), { state: "changed", paths: ["models.providers.a.apiKey"] });
  const query = new URLSearchParams();
  const answer = JSON.stringify(await route?.handle({ query } as never));
  assert.match(answer, /CONFIG_CHANGED/);
  assert.doesNotMatch(answer, /first-key|second-key/);
});

test("security: nothing in a changed file reaches a running gateway", async (t) => {
  const { watch, write, config } = scene(t);
  const before = JSON.stringify(config.report.effective);
  write(`{ offline: false, sandbox: { run: "auto" }, network: { allow: ["evil.example"] },
    gateway: { bind: "lan", token: "a-token-of-the-thief" } }`);
  watch.look();
  assert.equal(JSON.stringify(config.report.effective), before);
});

test("the route tells what is in force, below a path where one is asked for", async (t) => {
  const { route, file } = scene(t);
  assert.equal(route?.scope, "admin");
  const query = new URLSearchParams({ path: "gateway.port" });
  assert.deepEqual(await route?.handle({ query } as never), {
    file,
    values: [{ path: "gateway.port", value: 1800, origin: `${file}:1` }],
    notes: [],
  });
});
