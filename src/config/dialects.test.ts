import assert from "node:assert/strict";
import { test } from "node:test";

import { agentSettings } from "../agent/settings.ts";
import { createTestRouter, ollama, signal, SMALL } from "../../test/fakes/router.ts";
import { modelsSetting } from "../models/settings.ts";
import { sandboxSetting } from "../sandbox/settings.ts";
import { settings } from "../settings.ts";
import { toolsSetting } from "../tools/web/settings.ts";
import { parseConfig } from "./config.ts";
import { explain } from "./explain.ts";

const read = (text: string, env: Record<string, string> = {}) =>
  parseConfig({ file: { name: "isopod.json", text }, env, secretsFolder: "/nowhere", settings });
const well = (text: string, env: Record<string, string> = {}) => {
  const config = read(text, env);
  assert.deepEqual(config.report.faults, [], text);
  return config;
};
const chain = (text: string) => well(text).get(agentSettings).defaults.model;
const codes = (text: string) => read(text).report.faults.map(({ code, path }) => `${code} ${path}`);
const says = (config: ReturnType<typeof read>, path: string) =>
  config.report.notes
    .filter((note) => note.path === path)
    .map(({ message }) => message)
    .join("\n");

const MERGE = `{
  "models": {
    "mode": "merge",
    "providers": {
      "ollama": { ... }
    }
  }
}`;

test("the guide's merge block loads with its `...`, which stands for nothing", () => {
  const config = well(MERGE);
  assert.equal(config.get(modelsSetting).mode, "merge");
  assert.equal(config.get(modelsSetting).providers["ollama"]?.api, "ollama");
  assert.match(says(config, "isopod.json"), /stands for nothing/);
  assert.equal(config.origin("models.mode"), "isopod.json:3", "lines keep their numbers");
});

test("a block without its outer braces loads, and what is wrong in it names its line", () => {
  const bare = `// copied\nmodels: {\n  providers: { ollama: { host: "http://gpu:11434" } },\n},`;
  assert.equal(well(bare).get(modelsSetting).providers["ollama"]?.baseUrl, "http://gpu:11434");
  const inner = `"providers": { "ollama": { "type": "ollama", "host": "http://gpu:11434" } }`;
  assert.equal(well(inner).get(modelsSetting).providers["ollama"]?.baseUrl, "http://gpu:11434");
  const [fault] = read("models: {\n  providers: oops,\n}").report.faults;
  assert.match(fault?.message ?? "", /line 2/);
});

test("`...` inside of a text or a comment is left alone", () => {
  const config = well(`{ /* ... */ agents: { defaults: { instructions: "Wait..." } } }`);
  assert.equal(config.get(agentSettings).defaults.instructions, "Wait...");
  assert.deepEqual(config.report.notes, []);
});

test("brain: local first, with the cloud as a net", () => {
  const text = `brain: { provider: "local", local: { type: "ollama", endpoint: "http://localhost:11434",
    model: "qwen3:32b" }, fallback: "anthropic/claude-sonnet-4-6" }`;
  assert.deepEqual(chain(text), {
    primary: "ollama/qwen3:32b",
    fallbacks: ["anthropic/claude-sonnet-4-6"],
  });
});

test("brain: the cloud first, and the local one while it is down", () => {
  const local = `local: { type: "ollama", endpoint: "http://localhost:11434", model: "qwen3:32b" }`;
  const cloud = `provider: "anthropic", model: "claude-sonnet-4-6"`;
  const wanted = { primary: "anthropic/claude-sonnet-4-6", fallbacks: ["ollama/qwen3:32b"] };
  for (const fallback of ['"local"', '"ollama/qwen3:32b"', '["local"]', '{ provider: "local" }']) {
    assert.deepEqual(chain(`{ brain: { ${cloud}, ${local}, fallback: ${fallback} } }`), wanted);
  }
});

test("bare names get the provider that lists them, else brain's; others stay bare", () => {
  const models = `models: { providers: { box: { baseUrl: "http://box:8000/v1", models: { big: {} } } } }`;
  const config = well(
    `{ ${models}, agents: { defaults: { model: { primary: "big", fallbacks: ["small"] } } } }`,
  );
  assert.deepEqual(config.get(agentSettings).defaults.model, {
    primary: "box/big",
    fallbacks: ["small"],
  });
  assert.match(says(config, "agents.defaults.model.primary"), /"big" read as "box\/big"/);
  const hybrid = well(`{ brain: { provider: "anthropic", model: "claude-sonnet-4-6" },
    agents: { list: [{ id: "researcher", model: "claude-opus-4-6" }] } }`);
  const { entries } = hybrid.get(agentSettings);
  assert.equal(entries["researcher"]?.model?.primary, "anthropic/claude-opus-4-6");
});

test("the guide's three modes: a config that names a cloud keeps its local routes and says what allows it", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const text = `{ models: { providers: { ollama: { baseUrl: "${server.url}", api: "ollama" },
      cloud: { baseUrl: "https://api.example.com/v1" } } },
    agents: { defaults: { model: { primary: "cloud/gpt", fallbacks: ["ollama/qwen3:8b"] } } } }`;
  const config = well(text);
  const note = says(config, "models.providers.cloud.baseUrl");
  assert.match(note, /isopod mode set internet/);
  assert.doesNotMatch(note, /offline/);
  const { router, egress } = createTestRouter({
    models: config.get(modelsSetting),
    chain: config.get(agentSettings).defaults.model,
    targets: [],
  });
  const [first] = await router.route({}, signal());
  assert.equal(first?.ref, "ollama/qwen3:8b");
  assert.equal(first?.insteadOf?.code, "MODEL_NOT_ALLOWED");
  assert.ok(!egress.sent.some(({ url }) => url.includes("example.com")), "nothing was sent there");

  const offline = well(text.replace("{ models:", "{ offline: true, models:"));
  assert.match(says(offline, "models.providers.cloud.baseUrl"), /`offline: true` keeps it/);
});

test("the guide's three modes: cloud only looks for no server here", async (t) => {
  const { target, server } = await ollama(t, [SMALL]);
  const cloudOnly = well(
    `{ models: { mode: "replace", providers: { cloud: { baseUrl: "https://api.example.com/v1" } } } }`,
  );
  const { router } = createTestRouter({ models: cloudOnly.get(modelsSetting), targets: [target] });
  await assert.rejects(router.route({ picked: "ollama/qwen3:8b" }, signal()));
  assert.deepEqual(server.requests, []);
});

test("a dummy key is taken, and a server of this machine needs none", () => {
  const keyed = well(
    `{ models: { providers: { vllm: { baseUrl: "http://localhost:8000/v1", apiKey: "vllm-local" } } } }`,
  );
  assert.equal(keyed.get(modelsSetting).providers["vllm"]?.apiKey, "vllm-local");
  const named = well(
    `{ models: { providers: { vllm: { baseUrl: "http://localhost:8000/v1", apiKey: "VLLM_API_KEY" } } } }`,
  );
  assert.equal(named.get(modelsSetting).providers["vllm"]?.apiKey, undefined);
  assert.match(says(named, "models.providers.vllm.apiKey"), /not set: no key is sent/);
});

test("security: a key that a config sets as a variable is printed nowhere, and nothing else is set so", () => {
  const config =
    well(`{ env: { vars: { OPENAI_API_KEY: "sk-canary", OLLAMA_HOST: "http://evil", PATH: "/evil" } },
    models: { providers: { a: { baseUrl: "http://localhost:1/v1", apiKey: "\${OPENAI_API_KEY}" } } } }`);
  assert.equal(config.get(modelsSetting).providers["a"]?.apiKey, "sk-canary");
  assert.deepEqual(config.variables, { OPENAI_API_KEY: "sk-canary" });
  assert.doesNotMatch(JSON.stringify(config.report), /sk-canary/);
});

test("a wrong parameter names the field and what it may be; one that is not sent is told", () => {
  const params = (json: string, api = "openai-completions") =>
    `{ models: { providers: { a: { api: "${api}", baseUrl: "http://localhost:1/v1", models: { m: { params: ${json} } } } } } }`;
  const at = "models.providers.a.models.m.params";
  assert.deepEqual(codes(params("{ top_p: 90 }")), [`CONFIG_VALUE ${at}.top_p`]);
  assert.match(read(params("{ top_p: 90 }")).report.faults[0]?.fix ?? "", /a number from 0 to 1/);
  assert.match(
    says(well(params('{ temperature: "0.7" }')), `${at}.temperature`),
    /the number 0\.7/,
  );
  assert.match(
    says(well(params("{ num_thread: 8 }")), `${at}.num_thread`),
    /when they start \(--threads\)/,
  );
  assert.match(
    says(well(params("{ temprature: 1 }")), `${at}.temprature`),
    /did you mean "temperature"/,
  );
  assert.equal(says(well(params("{ num_thread: 8 }", "ollama")), `${at}.num_thread`), "");
  const forced = well(params('{ tool_choice: "required" }'));
  const model = forced.get(modelsSetting).providers["a"]?.models["m"];
  assert.equal(model?.compat?.tool_choice, "required");
});

test("security: what restricts tools is kept at least as strictly, or refuses", () => {
  const run = (text: string) => well(text).get(sandboxSetting).run;
  assert.equal(run(`{ tools: { deny: ["exec"] } }`), "deny");
  assert.equal(run(`{ tools: { exec: { mode: "deny" } } }`), "deny");
  assert.equal(run(`{ tools: { exec: { security: "allowlist", ask: "on-miss" } } }`), "ask");
  assert.equal(run(`{ tools: { allow: ["read", "write", "edit"] } }`), "deny");
  assert.equal(run(`{ tools: { sandbox: { tools: { deny: ["exec"] } } } }`), "deny");
  assert.equal(run(`{ agents: { entries: { a: { tools: { deny: ["exec"] } } } } }`), "deny");
  assert.equal(run(`{ sandbox: { run: "deny" }, tools: { exec: { mode: "ask" } } }`), "deny");
  for (const text of [
    `{ tools: { allow: ["exec", "read"] } }`,
    `{ tools: { profile: "minimal" } }`,
    `{ tools: { byProvider: { google: { profile: "minimal" } } } }`,
    `{ agents: { list: [{ id: "a", tools: { deny: ["write"] } }] } }`,
    `{ agents: { entries: { a: { sandbox: { workspaceAccess: "ro" } } } } }`,
    `{ agents: { entries: { a: { modelPolicy: { allow: ["x/y"] } } } } }`,
    `{ agents: { $include: "./agents.json5" } }`,
    `{ models: { providers: { a: { baseUrl: "http://a/v1", request: { proxy: { mode: "env-proxy" } } } } } }`,
  ]) {
    assert.ok(
      codes(text).some((code) => code.startsWith("CONFIG_NOT_KEPT")),
      text,
    );
  }
});

test("security: web tools that another program's config takes away are taken away here, for everybody", () => {
  const ENGINE = `web: { search: { provider: "searxng", url: "http://x.lan" } }`;
  const web = (tools: string) => {
    const { fetch, search } = well(`{ tools: { ${ENGINE}, ${tools} } }`).get(toolsSetting).web;
    return [fetch.enabled, search.enabled];
  };
  assert.deepEqual(web(""), [true, true]);
  assert.deepEqual(web(`deny: ["web_fetch"]`), [false, true]);
  assert.deepEqual(web(`deny: ["web_search"]`), [true, false]);
  assert.deepEqual(web(`deny: ["group:web"]`), [false, false]);
  assert.deepEqual(web(`allow: ["exec", "group:fs"]`), [false, false]);
  assert.deepEqual(web(`allow: ["exec", "group:fs", "web_fetch"]`), [true, false]);
  assert.deepEqual(web(`sandbox: { tools: { deny: ["group:web"] } }`), [false, false]);
  assert.deepEqual(web(`web: { fetch: { enabled: false } }`), [false, true]);
  const agent = well(`{ agents: { entries: { a: { tools: { deny: ["web_fetch"] } } } } }`);
  assert.equal(agent.get(toolsSetting).web.fetch.enabled, false);
  assert.ok(codes(`{ tools: { web: { fetch: { enabeld: false } } } }`).length > 0, "misspelt");
});

test("web tools of another program's config load, and what has no place here is told", () => {
  const brave = well(
    `{ tools: { web: { search: { provider: "brave", apiKey: "k", maxResults: 5 }, fetch: { maxChars: 9 } } } }`,
  );
  assert.equal(brave.get(toolsSetting).web.search.provider, "brave");
  assert.match(says(brave, "tools.web.search.maxResults"), /limits of the web tools are fixed/);
  const other = well(`{ tools: { web: { search: { provider: "perplexity", apiKey: "k" } } } }`);
  assert.equal(other.get(toolsSetting).web.search.provider, undefined);
  assert.match(says(other, "tools.web.search.provider"), /"perplexity" is not spoken/);
  const nameless = well(`{ tools: { web: { search: { apiKey: "k" } } } }`);
  assert.equal(nameless.get(toolsSetting).web.search.apiKey, undefined);
  assert.match(says(nameless, "tools.web.search.apiKey"), /name tools\.web\.search\.provider/);
});

test("security: what permits is never more than the default, whoever writes it", () => {
  for (const text of [
    `{ tools: { exec: { mode: "full" }, elevated: { enabled: true } } }`,
    `{ agents: { defaults: { sandbox: { mode: "off" }, elevatedDefault: "on" } } }`,
    `{ gateway: { bind: "custom", auth: { mode: "none" }, terminal: { enabled: true } } }`,
  ]) {
    assert.deepEqual(well(text).report.effective, well("{}").report.effective, text);
  }
});

test("a provider whose dialect is not spoken is left out, and a misspelt one is a fault", () => {
  const provider = (api: string) =>
    `{ models: { providers: { a: { api: "${api}", baseUrl: "http://a/v1" } } } }`;
  assert.deepEqual(
    Object.keys(well(provider("google-generative-ai")).get(modelsSetting).providers),
    [],
  );
  assert.deepEqual(codes(provider("openai-complections")), ["CONFIG_VALUE models.providers.a.api"]);
});

test("an agent's own params are kept, but for what its model is loaded with; a model's headers as well", () => {
  const config = well(
    `{ agents: { entries: { coder: { params: { temperature: "0.1", maxTokens: 500, num_ctx: 4096, keep_alive: "5m" } } } },
      models: { providers: { a: { api: "openai-completions", baseUrl: "http://localhost:5000/v1",
        models: { big: { headers: { "x-route": "\${ROUTE}" } } } } } } }`,
    { ROUTE: "canary-route" },
  );
  const { params } = config.get(agentSettings).entries["coder"] ?? {};
  assert.deepEqual(params, { temperature: 0.1, num_predict: 500 });
  assert.match(says(config, "agents.entries.coder.params.num_ctx"), /give it to the model/);
  assert.match(says(config, "agents.entries.coder.params.keep_alive"), /give it to the model/);
  const { models } = config.get(modelsSetting).providers["a"] ?? {};
  assert.deepEqual(models?.["big"]?.headers, { "x-route": "canary-route" });
  assert.doesNotMatch(JSON.stringify([config.report, explain(config)]), /canary-route/);
});
