/** OpenClaw itself, with Isopod as its custom provider: one prompt, one of its own tools, the answer. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { missing, OPENCLAW } from "./packages.ts";
import { type Running, startGateway } from "./running.ts";

const PROGRAM = join(OPENCLAW.folder, "node_modules/openclaw/openclaw.mjs");
/** It takes half a minute on two quiet cores. */
const PATIENCE_MS = 240_000;
const MODEL = "ollama/qwen3:8b";

describe("OpenClaw", { skip: missing(OPENCLAW) }, () => {
  let gateway: Running;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.stop());

  for (const api of ["openai-completions", "openai-responses"]) {
    test(`answers a prompt over ${api}, with a file that it read with its own tool`, async (t) => {
      gateway.play({
        turns: [
          [{ call: "read", arguments: '{"path":"note.txt"}' }],
          [{ text: "The note says 42." }],
        ],
      });
      const asked = gateway.ollama.chats().length;
      const home = mkdtempSync(join(tmpdir(), "isopod-openclaw-"));
      t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
      const workspace = join(home, "workspace");
      mkdirSync(workspace);
      writeFileSync(join(workspace, "note.txt"), "the answer is 42\n");
      const file = join(home, "openclaw.json");
      writeFileSync(file, JSON.stringify(configFor(gateway, api, workspace)));

      const { code, stdout, stderr } = await run(
        ["agent", "--local", "--json", "--session-id", "one", "--message", "What does it say?"],
        { HOME: home, OPENCLAW_STATE_DIR: join(home, "state"), OPENCLAW_CONFIG_PATH: file },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /"finalAssistantVisibleText": "The note says 42\."/);
      const [first, second] = gateway.ollama.chats().slice(asked).map(parse);
      assert.ok(first?.tools?.some((tool) => tool.function.name === "read"));
      const result = second?.messages.find(({ role }) => role === "tool");
      assert.match(result?.content ?? "", /the answer is 42/);
    });
  }
});

const configFor = ({ baseUrl, key }: Running, api: string, workspace: string) => ({
  agents: { defaults: { workspace, model: { primary: `isopod/${MODEL}` } } },
  models: {
    mode: "replace",
    catalogRefresh: { enabled: false },
    providers: {
      isopod: {
        baseUrl,
        apiKey: key,
        api,
        models: [
          {
            id: MODEL,
            name: "Through Isopod",
            reasoning: false,
            input: ["text"],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 32_768,
            maxTokens: 2048,
          },
        ],
      },
    },
  },
});

type Chat = {
  messages: { role: string; content: string }[];
  tools?: { function: { name: string } }[];
};
const parse = (body: string) => JSON.parse(body) as Chat;

function run(
  words: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PATH = "/usr/bin:/bin" } = process.env;
  // It is to ask nobody but our gateway.
  const quiet = { OPENCLAW_OFFLINE: "1", OPENCLAW_NO_AUTO_UPDATE: "1", NO_COLOR: "1" };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], { env: { PATH, ...quiet, ...env } });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...said });
    });
  });
}
