import assert from "node:assert/strict";
import { test } from "node:test";

import { z } from "zod";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import { startOpenAi } from "../../test/fakes/openai.ts";
import { Fault } from "../base/fault.ts";
import type { Egress } from "../network/egress.ts";
import { chatRequest, collect } from "./provider.conformance.ts";
import { dialects } from "./providers.ts";
import { createModelServer, joinUrl, toMissing } from "./model-server.ts";

const signal = () => new AbortController().signal;
const failing = (error: unknown): Egress => ({ request: () => Promise.reject(error) });
const read = (egress: Egress, at = signal()) =>
  createModelServer({ id: "p", baseUrl: "http://127.0.0.1:1", egress }).read("/x", z.unknown(), at);

test("the guard's own refusal passes through untouched", async () => {
  const blocked = new Fault("EGRESS_BLOCKED", { host: "h", mode: "device", why: "", allow: "" });

  await assert.rejects(read(failing(blocked)), blocked);
});

test("a socket's error is a server that cannot be reached, with its cause", async () => {
  const cause = new Error("ECONNREFUSED");
  const error = await read(failing(cause)).catch((error: unknown) => error);

  assert.ok(error instanceof Fault && error.code === "MODEL_UNREACHABLE");
  assert.equal(error.cause, cause);
});

test("an abort is the signal's reason, whatever the socket says", async () => {
  const reason = new Error("stop was pressed");

  await assert.rejects(
    read(failing(new Error("socket hang up")), AbortSignal.abort(reason)),
    reason,
  );
});

test("the key and the headers of config are sent, and a path after the address", async () => {
  const server = await startOpenAi();
  const egress = createLoopbackEgress();
  const options = {
    id: "p",
    baseUrl: `${server.url}/`,
    egress,
    apiKey: "k",
    headers: { "x-a": "1" },
  };
  await createModelServer(options).read("/v1/models", z.unknown(), signal());
  await server.close();

  assert.equal(server.requests[0]?.path, "/v1/models");
  assert.equal(server.requests[0]?.headers.authorization, "Bearer k");
  assert.equal(server.requests[0]?.headers["x-a"], "1");
});

test("a path is set after an address, also after a Unix socket's", () => {
  assert.equal(joinUrl("http://h:1/", "/api/chat"), "http://h:1/api/chat");
  assert.equal(joinUrl("unix:/run/x.sock", "/api/chat"), "unix:/run/x.sock:/api/chat");
  assert.equal(joinUrl("unix:/run/x.sock:/v1", "/models"), "unix:/run/x.sock:/v1/models");
});

test("a missing model is told with the nearest name, of its family where no spelling is near", () => {
  const names = ["qwen3:8b", "llama3.2:latest"];

  assert.match(toMissing("p", "qwen3:8c", names).fix, /"qwen3:8b"/);
  assert.match(toMissing("p", "qwen3:235b-a22b-q8_0", names).fix, /"qwen3:8b"/);
  assert.doesNotMatch(toMissing("p", "mistral", names).fix, /Did you mean/);
});

test("security: an answer without end is ended before it fills the memory, and its connection with it", async () => {
  const chunk = Buffer.from(
    `data: ${JSON.stringify({ choices: [{ delta: {} }] })}\n\n`.repeat(20_000),
  );
  let sentBytes = 0;
  let closed = false;
  async function* endless() {
    try {
      for (;;) {
        sentBytes += chunk.length;
        yield chunk;
      }
    } finally {
      closed = true;
    }
  }
  const egress: Egress = {
    request: async () => ({ status: 200, headers: {}, body: endless(), text: async () => "" }),
  };
  for (const dialect of Object.values(dialects)) {
    [sentBytes, closed] = [0, false];
    const provider = dialect({
      id: "p",
      baseUrl: "http://127.0.0.1:1",
      egress,
      newCallId: () => "call",
      product: "custom",
      compatOf: () => ({}),
    });
    // Each reads its own kind of nothing; one that finds it garbled sooner is as well.
    await assert.rejects(collect(provider, chatRequest()), { code: "MODEL_GARBLED" });
    assert.ok(closed && sentBytes < 200 * 1024 * 1024, `${sentBytes}`);
  }
});
