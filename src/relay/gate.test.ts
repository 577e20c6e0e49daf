import assert from "node:assert/strict";
import { test } from "node:test";

import { readRequest, refuseStranger } from "./gate.ts";

const raw = (target: string, headers: readonly (readonly [string, string])[] = []) => ({
  method: "GET",
  target,
  httpVersion: "1.1",
  headers: [["host", "10.0.0.1:1"] as const, ...headers],
  body: (async function* () {})(),
  peer: "10.0.0.2",
  signal: new AbortController().signal,
});

test("readRequest() gives back the path, the query and headers as they came", () => {
  const asked = readRequest(raw("/isopod/blobs/sha256:ab?from=7", [["x-a", "1"]]));
  assert.deepEqual([asked.path, asked.query.get("from")], ["/isopod/blobs/sha256:ab", "7"]);
  assert.deepEqual([asked.header("x-a"), asked.header("x-b")], ["1", undefined]);
});

test("security: readRequest() takes one spelling of a path and no other", () => {
  for (const target of [
    "",
    "/",
    "api/tags",
    "/api/%74ags",
    "/api/../tags",
    "/..",
    "/api/.../x",
    "//api",
    "/api/",
    "/api\ttags",
    "/api tags",
    "/äpi",
    "/api?a?b",
    "/api#x",
    `/${"a".repeat(1_000)}`,
    "https://10.0.0.1/api/tags",
    "10.0.0.1:443",
    "*",
  ]) {
    assert.throws(() => readRequest(raw(target)), { code: "RELAY_REQUEST_REFUSED" }, target);
  }
  assert.equal(readRequest(raw("/api/tags")).path, "/api/tags", "the control");
});

test("security: readRequest() takes no header that changes what the message is", () => {
  for (const headers of [
    [["host", "b"]],
    [
      ["authorization", "Bearer a"],
      ["authorization", "Bearer b"],
    ],
    [["upgrade", "h2c"]],
    [["expect", "100-continue"]],
    [["content-encoding", "gzip"]],
    [["transfer-encoding", "gzip, chunked"]],
    [
      ["transfer-encoding", "chunked"],
      ["content-length", "1"],
    ],
    [["te", "trailers"]],
    [["trailer", "host"]],
  ] as const) {
    const code = { code: "RELAY_REQUEST_REFUSED" };
    assert.throws(() => readRequest(raw("/a", headers)), code, JSON.stringify(headers));
  }
  assert.throws(() => readRequest({ ...raw("/a"), httpVersion: "1.0" }));
});

test("refuseStranger() knows our names without their port, and lets no page in", () => {
  const refuse = (headers: readonly (readonly [string, string])[]) =>
    refuseStranger(readRequest({ ...raw("/a"), headers }), ["10.0.0.1", "[fd00::1]", "box.local"]);
  for (const host of ["10.0.0.1", "10.0.0.1:18790", "[fd00::1]:18790", "Box.Local"]) {
    assert.equal(refuse([["host", host]]), undefined, host);
  }
  for (const host of [
    "",
    "10.0.0.1.evil.example",
    "evil.example:10",
    "10.0.0.1:1:1",
    "localhost",
  ]) {
    assert.ok(refuse([["host", host]]), host);
  }
  assert.ok(
    refuse([
      ["host", "10.0.0.1"],
      ["origin", "null"],
    ]),
  );
});
