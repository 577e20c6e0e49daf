/**
 * A model server for measuring: Ollama's native API with a fixed number of tokens at a fixed pace, so that
 * what is left is the gateway's own cost. Tokens keep absolute deadlines: a late one does not delay the
 * next. Remembers the bodies of the last chats. `POST /pace` sets `{ tokens, delayMs, calls }`, where
 * `calls` are tool calls to answer with before the text.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { MODEL } from "./model-name.ts";

const pace = { tokens: 16, delayMs: 0, calls: [] as { name: string; arguments: object }[] };
const bodies: string[] = [];
const KEPT_BODIES = 200;

const details = {
  family: "bench",
  parameter_size: "7B",
  quantization_level: "Q4_K_M",
  format: "gguf",
};
const routes: Record<string, (body: string) => unknown> = {
  "GET /api/version": () => ({ version: "0.24.0" }),
  "GET /api/tags": () => ({
    models: [{ name: MODEL, model: MODEL, size: 4e9, digest: "0".repeat(64), details }],
  }),
  "GET /api/ps": () => ({ models: [] }),
  "POST /api/show": () => ({
    details,
    model_info: { "general.architecture": "bench", "bench.context_length": 32_768 },
    capabilities: ["completion", "tools"],
  }),
  "POST /pace": (body) => Object.assign(pace, JSON.parse(body)),
  "GET /bodies": () => bodies,
  "DELETE /bodies": () => bodies.splice(0),
};

const server = createServer(async (request, response) => {
  const body = await text(request);
  if (request.url === "/api/chat") return chat(request, body, response);
  const route = routes[`${request.method} ${request.url}`];
  response.writeHead(route ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(route ? route(body) : { error: "no such route" }));
});

function chat(request: IncomingMessage, body: string, response: ServerResponse): void {
  if (bodies.push(body) > KEPT_BODIES) bodies.shift();
  request.socket.setNoDelay(true);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const call = pace.calls.shift();
  if (call) {
    line(response, {
      message: { role: "assistant", content: "", tool_calls: [{ function: call }] },
    });
    return finish(response, body, 1);
  }
  const { tokens, delayMs } = pace;
  const start = performance.now();
  let sent = 0;
  const step = () => {
    for (; sent < tokens; sent++) {
      const waitMs = start + sent * delayMs - performance.now();
      if (waitMs > 0.5) return void setTimeout(step, waitMs);
      line(response, { message: { role: "assistant", content: sent ? ` tok${sent}` : "tok0" } });
    }
    finish(response, body, tokens);
  };
  step();
}

function finish(response: ServerResponse, body: string, tokens: number): void {
  const counts = { prompt_eval_count: Math.ceil(body.length / 4), eval_count: tokens };
  line(response, {
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: "stop",
    ...counts,
  });
  response.end();
}

const line = (response: ServerResponse, value: object) =>
  response.write(
    `${JSON.stringify({ model: MODEL, created_at: new Date().toISOString(), done: false, ...value })}\n`,
  );

server.listen(0, "127.0.0.1", () => {
  console.log(
    JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
  );
});
