import assert from "node:assert/strict";
import { test } from "node:test";

import { stripConfig } from "./strip.ts";

const KEY = "sk-very-secret-1234";

test("security: no secret of a config is left in what is carried, wherever it stands", () => {
  const written = `{
    // apiKey: "${KEY}" was the old one
    models: { providers: {
      one: { apiKey: "${KEY}", baseUrl: "http://kim:${KEY}@10.0.0.2:8000/v1" },
      two: { apiKey: "\${TWO_KEY}", headers: { authorization: "Bearer ${KEY}" } },
      three: { apiKey: { file: "three.key" },
        localService: { command: "/bin/s", args: ["--api-key", "${KEY}", "--token=${KEY}", "-m", "a"] } },
    } },
    env: { OPENAI_API_KEY: "${KEY}" },
    gateway: { token: "${KEY}" },
  }`;
  assert.ok(written.includes(KEY), "the control has it");
  const { text, struck } = stripConfig(written, "isopod.json");
  assert.doesNotMatch(text, /very-secret/);
  assert.equal(struck.length, 7);
  const { providers } = JSON.parse(text).models;
  assert.equal(providers.two.apiKey, "${TWO_KEY}");
  assert.deepEqual(providers.three.apiKey, { file: "three.key" });
  assert.deepEqual(providers.three.localService.args.slice(3), ["-m", "a"]);
});

test("a config without secrets means the same afterwards", () => {
  const { text, struck } = stripConfig("{ offline: true, sandbox: { run: 'ask' } }", "isopod.json");
  assert.deepEqual([JSON.parse(text), struck], [{ offline: true, sandbox: { run: "ask" } }, []]);
});
