import assert from "node:assert/strict";
import { test } from "node:test";

import { CARD } from "../../../../test/fakes/probing.ts";
import { createTestTerminal } from "../../../../test/fakes/terminal.ts";
import type { ProbeEvent, ProbeOrder } from "../../../protocol/scorecard.ts";
import type { Client } from "../../client.ts";
import type { Call, Host } from "../../command.ts";
import { modelsProbe } from "./probe.ts";

async function run(events: readonly ProbeEvent[], words: Partial<Pick<Call, "args" | "options">>) {
  const terminal = createTestTerminal();
  const orders: ProbeOrder[] = [];
  const client = {
    async *probeModel(order: ProbeOrder) {
      orders.push(order);
      yield* events;
    },
  } as unknown as Client; // the command asks for nothing else
  const host = {
    withGateway: (work: (client: Client) => unknown) => work(client),
  } as unknown as Host; // the one method that the command calls
  const { signal } = new AbortController();
  const within: Call["within"] = (work) => work(signal);
  const call = { args: [], options: {}, host, terminal, within, signal, ...words };
  return { code: await modelsProbe.run(call), terminal, orders };
}

const progress: ProbeEvent = {
  type: "progress",
  ref: "fake/model",
  done: 1,
  steps: 2,
  text: "waiting for its first word",
};
const end = (measured: number, failed: number): ProbeEvent => ({ type: "end", measured, failed });
const failed: ProbeEvent = { type: "failed", ref: "b/x", code: "X", message: "No", fix: "Do" };

test("a scorecard is told in words: which way of calling, why, how fast, and each check", async () => {
  const scorecard = { ...CARD, measuredAt: Date.now() - 30 * 60_000 };
  const { code, terminal } = await run([progress, { type: "scorecard", scorecard }, end(1, 0)], {});

  assert.equal(code, 0);
  assert.match(terminal.out(), /measured 30 min ago/);
  assert.match(terminal.out(), /natively: its own tool calls do all that is needed/);
  assert.match(terminal.out(), /reads 900 and writes 31 tokens a second \(by its server's clock\)/);
  assert.match(terminal.out(), /ok {2}\|Answers\|it did/);
  assert.match(terminal.err(), /fake\/model: waiting for its first word/);
});

test("--json prints the scorecard alone, one a line", async () => {
  const card: ProbeEvent = { type: "scorecard", scorecard: CARD };
  const { terminal } = await run([progress, card, end(1, 0)], { options: { json: true } });

  assert.deepEqual(JSON.parse(terminal.out()), CARD);
});

test("the options become what the gateway is asked for", async () => {
  const options = { full: true, yes: true };
  const { orders } = await run([end(0, 0)], { args: ["fake/model"], options });

  assert.deepEqual(orders, [{ model: "fake/model", full: true, paid: true }]);
});

test("a named model that fails ends in its fault; with --all the others go on, and the exit code is 1", async () => {
  await assert.rejects(run([progress, failed, end(0, 1)], { args: ["b/x"] }), { code: "X" });

  const { code, terminal } = await run(
    [failed, { type: "scorecard", scorecard: CARD }, end(1, 1)],
    { options: { all: true } },
  );
  assert.equal(code, 1);
  assert.match(terminal.err(), /X {2}No\n {2}fix {3}Do/);
  assert.match(terminal.out(), /fake\/model/);
});

test("an answer that is cut off is a fault, and a name beside --all is wrong use", async () => {
  await assert.rejects(run([progress], {}), { code: "GATEWAY_SILENT" });
  await assert.rejects(run([], { args: ["a/b"], options: { all: true } }), { code: "USAGE" });
});
