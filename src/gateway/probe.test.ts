import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../test/fakes/gateway.ts";
import type { ProbeEvent } from "../protocol/scorecard.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway();
});
after(() => gateway.close());

const probe = async (model: string) => {
  const { status, text, json } = await gateway.call("POST", "/api/models/probe", {
    body: { model },
  });
  const events = text
    .split("\n\n")
    .filter((part) => part.startsWith("data: "))
    .map((part) => JSON.parse(part.slice("data: ".length)) as ProbeEvent);
  return { status, json, events };
};

test("a probe is told step by step, then its scorecard, then the end", async () => {
  const { status, events } = await probe("fake/model");

  assert.equal(status, 200);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["progress", "scorecard", "end"],
  );
});

test("what fails at once has its own status, what fails later is told before the end", async () => {
  const refused = await probe("fake/gone");
  assert.deepEqual([refused.status, refused.json.error.code], [404, "MODEL_MISSING"]);

  const { events } = await probe("fake/dies");
  assert.deepEqual(
    events.map((event) => (event.type === "failed" ? event.code : event.type)),
    ["progress", "MODEL_STREAM_CUT", "end"],
  );
});

test("a caller who hangs up stops the work", async () => {
  const hangUp = new AbortController();
  const response = await fetch(`${gateway.url}/api/models/probe`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.keys.kim}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "fake/slow" }),
    signal: hangUp.signal,
  });
  await response.body?.getReader().read();
  hangUp.abort();

  const giveUpAt = performance.now() + 5_000;
  while (!gateway.did.includes("stopped")) {
    assert.ok(performance.now() < giveUpAt, "it was stopped within 5 s");
    await new Promise((resolve) => setImmediate(resolve));
  }
});
