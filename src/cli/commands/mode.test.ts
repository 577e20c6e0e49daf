import assert from "node:assert/strict";
import { test } from "node:test";

import { modeReport, status } from "../../../test/fakes/gateway.ts";
import { createTestTerminal } from "../../../test/fakes/terminal.ts";
import type { CheckReport, ModeReport } from "../../protocol/reach.ts";
import type { Client } from "../client.ts";
import type { Call, Command, Host } from "../command.ts";
import { modeCheck } from "./mode-check.ts";
import { modeLink, modeSet, modeShow } from "./mode.ts";

const signal = new AbortController().signal;
const RUNNING = { pid: 1, url: "http://127.0.0.1:1", socket: "/s", startedAt: 0 };
const AT = new Date(2026, 10, 30, 22, 5).getTime();

test("mode show says until when, who set it, what limits it, and what the link is", async () => {
  const report: ModeReport = {
    ...modeReport,
    mode: "internet",
    until: AT,
    setBy: "Kim",
    setAt: AT - 7_200_000,
    limits: [{ by: "link", text: "the internet does not answer (a.example: cut)" }],
    link: { state: "degraded", reason: "a.example: cut", since: AT, override: "up" },
  };
  const { out } = await run(modeShow, { report });
  assert.equal(
    out,
    `internet: also the hosts on the internet that the config names
  until      2026-11-30 22:05, then private
  set        2026-11-30 20:05 by Kim
  at most    internet
  by link    the internet does not answer (a.example: cut)
  link       degraded: a.example: cut, since 2026-11-30 22:05
             a person said "up": isopod mode link auto
`,
  );
  const json = await run(modeShow, { report, options: { json: true } });
  assert.deepEqual(JSON.parse(json.out), report);
});

test("mode set hands on how long it holds", async () => {
  const set = async (options: Call["options"]) =>
    (await run(modeSet, { args: ["internet"], options, running: true })).asked;
  assert.deepEqual(await set({}), [{ mode: "internet" }]);
  assert.deepEqual(await set({ permanent: true }), [{ mode: "internet" }]);
  assert.deepEqual(await set({ for: "1h30m" }), [{ mode: "internet", forSeconds: 5_400 }]);
  assert.deepEqual(await set({ until: "restart" }), [{ mode: "internet", until: "restart" }]);
});

test("mode set refuses what is no mode, no time, or two times, and says what there is", async () => {
  const refused = async (args: string[], options: Call["options"], detail: RegExp) =>
    assert.rejects(run(modeSet, { args, options, running: true }), (error: Error) => {
      assert.equal(Object(error).code, "USAGE");
      assert.match(error.message, detail);
      return true;
    });
  await refused(["far"], {}, /device, private, internet/);
  await refused(["internet"], { for: "soon" }, /30m, 2h or 1d, not "soon"/);
  await refused(["internet"], { for: "2h", until: "restart" }, /only one of/);
  await refused(["internet"], { until: "tomorrow" }, /takes "restart", not "tomorrow"/);
});

test("until a restart without a gateway would be over with the command, so it is refused", async () => {
  const options = { until: "restart" };
  await assert.rejects(run(modeSet, { args: ["internet"], options }), {
    code: "GATEWAY_NOT_RUNNING",
  });
});

test("mode link takes a person's word, and nothing but three words", async () => {
  assert.deepEqual((await run(modeLink, { args: ["down"] })).asked, [{ link: "down" }]);
  await assert.rejects(run(modeLink, { args: ["sideways"] }), { code: "USAGE" });
});

test("mode check prints each step, and ends with 1 where the host does not answer", async () => {
  const checked: CheckReport = {
    host: "api.example:443",
    setting: "network.allow",
    ok: false,
    steps: [
      { step: "dns", state: "ok", detail: "203.0.113.8", ms: 12 },
      { step: "tcp", state: "ok", detail: "203.0.113.8 answers", ms: 30 },
      { step: "tls", state: "failed", detail: "it does not prove to be itself (X)", ms: 40 },
    ],
    link: { state: "portal", reason: "api.example did not prove to be itself (X)", since: AT },
  };
  const failed = await run(modeCheck, { args: ["api.example"], checked });
  assert.equal(failed.code, 1);
  assert.deepEqual(failed.asked, ["api.example"]);
  assert.equal(
    failed.out,
    `api.example:443 (network.allow)
ok    name: 203.0.113.8, 12 ms
ok    connection: 203.0.113.8 answers, 30 ms
FAIL  TLS: it does not prove to be itself (X), 40 ms
portal: api.example did not prove to be itself (X), since 2026-11-30 22:05
`,
  );
  const well = await run(modeCheck, { args: [], checked: { ...checked, ok: true, steps: [] } });
  assert.deepEqual([well.code, well.asked], [0, [undefined]]);
});

type Given = {
  args?: string[];
  options?: Call["options"];
  report?: ModeReport;
  checked?: CheckReport;
  running?: boolean;
};

async function run(command: Command, given: Given) {
  const terminal = createTestTerminal();
  const asked: unknown[] = [];
  const note = async (what: unknown) => {
    asked.push(what);
    return status;
  };
  const client: Partial<Client> = {
    mode: async () => given.report ?? modeReport,
    setMode: note,
    setLink: note,
    async checkLink(host) {
      asked.push(host);
      return given.checked ?? assert.fail("nothing to check");
    },
  };
  const host: Partial<Host> = {
    home: "/home",
    withGateway: (work) => work(client as Client), // as much of it as the command asks
    running: async () => (given.running ? RUNNING : undefined),
  };
  const code = await command.run({
    args: given.args ?? [],
    options: given.options ?? {},
    host: host as Host, // the same
    terminal,
    within: (work) => work(signal),
    signal,
  });
  return { code, out: terminal.out(), asked };
}
