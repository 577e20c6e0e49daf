import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../test/fakes/gateway.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway();
});
after(() => gateway.close());

const events = (text: string) =>
  text
    .split("\n\n")
    .filter((part) => part.startsWith("data: "))
    .map((part) => JSON.parse(part.slice("data: ".length)) as { type: string; code?: string });

test("a load is told step by step, and the last step is `done`", async () => {
  const body = { model: "fake/model" };
  const { status, headers, text } = await gateway.call("POST", "/api/models/load", { body });
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.deepEqual(
    events(text).map(({ type }) => type),
    ["progress", "done"],
  );
});

test("what fails in the middle is the last event, with its fault", async () => {
  const body = { model: "fake/large" };
  const { text } = await gateway.call("POST", "/api/models/load", { body });
  const last = events(text).at(-1);
  assert.deepEqual([last?.type, last?.code], ["failed", "MODEL_REFUSED"]);
});

test("what fails before it began has its own status", async () => {
  const { status, json } = await gateway.call("POST", "/api/models/pull", {
    body: { name: "offline" },
  });
  assert.deepEqual([status, json.error.code], [403, "MODEL_PULL_OFFLINE"]);
});

test("details want a model, and say so", async () => {
  const { status, json } = await gateway.call("GET", "/api/models/details");
  assert.deepEqual([status, json.error.code], [400, "REQUEST_INVALID"]);
});

test("removing passes on `force` only where it was said", async () => {
  await gateway.call("POST", "/api/models/remove", { body: { model: "fake/model" } });
  await gateway.call("POST", "/api/models/remove", { body: { model: "fake/model", force: true } });
  assert.deepEqual(gateway.did.slice(-2), ["remove fake/model false", "remove fake/model true"]);
});
