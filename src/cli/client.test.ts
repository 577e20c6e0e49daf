import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient, type Send } from "./client.ts";

const signal = new AbortController().signal;
const text = (...pieces: (string | Uint8Array)[]) =>
  (async function* () {
    for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
  })();

/** A gateway that gives the same answer to everything, and remembers what it was asked. */
function clientOf(status: number, ...pieces: (string | Uint8Array)[]) {
  const asked: Parameters<Send>[0][] = [];
  const send: Send = async (request) => {
    asked.push(request);
    return { status, body: text(...pieces) };
  };
  return { asked, client: createClient(send, { address: "http://here", key: "isk_key" }) };
}

test("every request carries the key, and what is sent is JSON", async () => {
  const { client, asked } = clientOf(200, '{"id":"ses_1"}');
  await client.createSession({ title: "x" }, signal);
  await client.status(signal);
  assert.deepEqual(
    asked.map(({ method, path, body, headers }) => [method, path, body, headers["content-type"]]),
    [
      ["POST", "/api/sessions", '{"title":"x"}', "application/json"],
      ["GET", "/api/status", undefined, undefined],
    ],
  );
  assert.ok(asked.every(({ headers }) => headers["authorization"] === "Bearer isk_key"));
});

test("an id goes into a path as one piece, whatever stands in it", async () => {
  const { client, asked } = clientOf(200, "{}");
  await client.session("../../status?x=#", signal);
  assert.equal(asked[0]?.path, "/api/sessions/..%2F..%2Fstatus%3Fx%3D%23");
});

test("a fault of the gateway is thrown with its code and fix", async () => {
  const fault = { error: { code: "NOT_FOUND", message: "Cannot find it", fix: "Look" } };
  await assert.rejects(clientOf(404, JSON.stringify(fault)).client.status(signal), {
    code: "NOT_FOUND",
    message: "Cannot find it",
    fix: "Look",
    exit: 2,
  });
});

test("what is no gateway's answer is GATEWAY_SILENT: a page, an empty body, an error without a fault", async () => {
  for (const [status, body] of [
    [200, "<html>router</html>"],
    [502, ""],
    [500, '{"message":"no"}'],
    [404, "null"],
  ] as const) {
    await assert.rejects(clientOf(status, body).client.status(signal), {
      code: "GATEWAY_SILENT",
      exit: 3,
    });
  }
});

test("a character that is cut between two chunks is whole again", async () => {
  const bytes = Buffer.from('{"model":null,"workspace":"/home/김치"}');
  const at = bytes.indexOf(0xea) + 1;
  const { client } = clientOf(200, bytes.subarray(0, at), bytes.subarray(at));
  assert.equal((await client.status(signal)).workspace, "/home/김치");
});

test("events come one by one, comments are passed over, and a refused stream is a fault", async () => {
  const { client, asked } = clientOf(
    200,
    ':\n\nid: a:1\ndata: {"type":"res',
    'ync"}\n\n: still here\n\nid: a:2\ndata: {"type":"session-deleted","session":"ses_1"}\n\n',
  );
  const seen = [];
  for await (const event of client.events("a:0 &", signal)) seen.push(event.type);
  assert.deepEqual(seen, ["resync", "session-deleted"]);
  assert.equal(asked[0]?.path, "/api/events?after=a%3A0%20%26");

  const fault = { error: { code: "STREAMS_FULL", message: "Too many", fix: "Close one" } };
  const refused = clientOf(429, JSON.stringify(fault)).client.events("x", signal);
  await assert.rejects(refused.next(), { code: "STREAMS_FULL" });
});

test("a gateway that is not ready is an answer with reasons; a wrong key is a fault", async () => {
  const answers = [
    { status: 200, body: "{}" },
    { status: 503, body: '{"ready":false,"reasons":["no model answers"]}' },
    { status: 200, body: '{"queues":[]}' },
  ];
  const send: Send = async () => {
    const { status = 500, body = "" } = answers.shift() ?? {};
    return { status, body: text(body) };
  };
  const client = createClient(send, { address: "x", key: "k" });
  const reasons = ["no model answers"];
  assert.deepEqual(await client.health(signal), { ok: false, reasons, queues: [] });

  const fault = { error: { code: "AUTH_REFUSED", message: "No", fix: "Pair" } };
  await assert.rejects(clientOf(401, JSON.stringify(fault)).client.health(signal), {
    code: "AUTH_REFUSED",
  });
});
