/**
 * Isopod as a peer of a gateway benchmark that starts its peers by file, measures them against one mock
 * model server, and sends them OpenAI-style chats. `ctx` has work, node, path, mockUrl, model, port.
 */

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const launcher = join(import.meta.dirname, "../bin/isopod.cjs");

export function create(ctx) {
  const url = `http://127.0.0.1:${ctx.port}`;
  const home = join(ctx.work, "home");
  const env = {
    PATH: ctx.path,
    HOME: home,
    ISOPOD_HOME: home,
    ISOPOD_GATEWAY_PORT: `${ctx.port}`,
    OLLAMA_HOST: ctx.mockUrl,
  };
  const cli = (...args) => ({ cmd: ctx.node, args: [launcher, ...args], cwd: ctx.work, env });
  return {
    url,
    baseline: "direct:ollama",
    steps: ["start", "cli", "payload", "ttft", "load", "turns"],
    levels: [1, 8, 32, 128],
    installed: () => true,
    prepare() {
      rmSync(home, { recursive: true, force: true });
      mkdirSync(home, { recursive: true });
    },
    command: () => cli("gateway", "run"),
    live: "/healthz",
    ready: "/readyz",
    cli: { version: cli("--version"), health: cli("health"), status: cli("gateway", "status") },
    request: ({ messages, conversation }) => ({
      url: `${url}/v1/chat/completions`,
      headers: {
        authorization: `Bearer ${readFileSync(join(home, "admin.key"), "utf8").trim()}`,
        ...(conversation ? { "x-isopod-session": conversation } : {}),
      },
      body: {
        model: "isopod/main",
        stream: true,
        messages: conversation ? messages.slice(-1) : messages,
      },
    }),
  };
}
