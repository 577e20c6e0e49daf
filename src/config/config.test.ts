import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import fc from "fast-check";
import { z } from "zod";

import { agentSettings } from "../agent/settings.ts";
import { modelsSetting } from "../models/settings.ts";
import { defineSetting } from "../protocol/setting.ts";
import { parseConfig } from "./config.ts";
import { editConfig, parsePath } from "./edit.ts";
import { explain } from "./explain.ts";
import { loadConfig } from "./load.ts";

const offline = defineSetting({
  key: "offline",
  restricts: true,
  schema: z.boolean().default(false),
});
const sandbox = defineSetting({
  key: "sandbox",
  restricts: true,
  schema: z.object({ run: z.enum(["auto", "ask", "deny"]).default("auto") }).prefault({}),
});
const gateway = defineSetting({
  key: "gateway",
  restricts: true,
  schema: z
    .object({
      port: z.int().min(0).max(65_535).default(18_789),
      bind: z.enum(["loopback", "unix"]).default("loopback"),
      token: z.string().optional(),
    })
    .prefault({}),
});
const settings = [offline, sandbox, gateway, modelsSetting, agentSettings];

const read = (text: string, env: Record<string, string> = {}, secretsFolder = "/nowhere") =>
  parseConfig({ file: { name: "isopod.json", text }, env, secretsFolder, settings });

const codes = (text: string, env = {}) =>
  read(text, env).report.faults.map(({ code, path }) => `${code} ${path}`);

const folder = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), "config-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
};

test("an empty config, or none, is all defaults", () => {
  for (const text of ["", "  \n", "{}", "// nothing\n{}"])
    assert.equal(read(text).report.ok, true, text);
  assert.equal(read("").get(gateway).port, 18_789);
});

test("JSON5 is read: comments, single quotes, trailing commas, bare keys", () => {
  const config = read(
    "{ // mine\n offline: true, 'gateway': { port: 1_8, }, }".replace("1_8", "1800"),
  );
  assert.equal(config.get(offline), true);
  assert.equal(config.get(gateway).port, 1800);
});

test("what is not JSON5 names its line and column", () => {
  const [fault] = read("{\n  offline: true,\n  gateway: }").report.faults;
  assert.equal(fault?.code, "CONFIG_SYNTAX");
  assert.match(fault?.message ?? "", /line 3, column 12/);
});

test("a wrong type names the path, what was found and what is allowed", () => {
  const [fault] = read('{ gateway: { port: "high" } }').report.faults;
  assert.equal(fault?.path, "gateway.port");
  assert.match(fault?.message ?? "", /gateway\.port = "high": it must be a/);
  assert.match(
    read('{ sandbox: { run: "maybe" } }').report.faults[0]?.message ?? "",
    /"auto" or "ask" or "deny"/,
  );
  assert.deepEqual(codes("[1]"), ["CONFIG_VALUE "]);
});

test("several faults are reported at once, and get() throws the first", () => {
  const config = read('{ gateway: { port: -1 }, offline: "yes" }');
  assert.equal(config.report.faults.length, 2);
  assert.throws(() => config.get(sandbox), { code: "CONFIG_VALUE" });
});

test("an unknown key is left out, with the nearest known key", () => {
  const { report } = read('{ agents: { defaults: { instrctions: "x" } }, wallpaper: 1 }');
  assert.equal(report.ok, true);
  assert.deepEqual(report.notes, [
    {
      path: "agents.defaults.instrctions",
      message: 'not known, left out; did you mean "instructions"?',
    },
    { path: "wallpaper", message: "not known, left out" },
  ]);
});

test("security: an unknown key that looks meant to restrict refuses to start", () => {
  assert.deepEqual(codes("{ ofline: true }"), ["CONFIG_UNKNOWN_KEY ofline"]);
  assert.deepEqual(codes("{ Sandbox: {} }"), ["CONFIG_UNKNOWN_KEY Sandbox"]);
  assert.deepEqual(codes("{ netwrok: {} }"), ["CONFIG_UNKNOWN_KEY netwrok"]);
  assert.deepEqual(codes("{ cage: {} }"), ["CONFIG_UNKNOWN_KEY cage"]);
  assert.deepEqual(codes('{ sandbox: { runs: "deny" } }'), ["CONFIG_UNKNOWN_KEY sandbox.runs"]);
});

test("security: a denied tool is kept where it can be, and refused where it cannot", () => {
  assert.equal(read('{ tools: { deny: ["exec"] } }').get(sandbox).run, "deny");
  assert.deepEqual(codes('{ tools: { deny: ["write"] } }'), ["CONFIG_NOT_KEPT tools.deny"]);
  assert.deepEqual(codes('{ tools: { deny: ["browser"] } }'), []);
});

test("security: no translation permits more than dropping the key would", () => {
  for (const key of ["auth", "bind", "tailscale", "controlUi"]) {
    for (const value of ['"lan"', '{ mode: "none" }', '"0.0.0.0"', "{}"]) {
      const config = read(`{ gateway: { ${key}: ${value} } }`);
      if (config.report.ok) assert.equal(config.get(gateway).bind, "loopback");
    }
  }
});

test("security: __proto__ in a config changes nothing", () => {
  const config = read('{ "__proto__": { "offline": true }, agents: { "__proto__": { x: 1 } } }');
  assert.equal(config.get(offline), false);
  assert.equal(({} as Record<string, unknown>)["offline"], undefined);
});

test("the environment has the last word, under our names and the seeds'", () => {
  const text = "{ gateway: { port: 1 } }";
  assert.equal(
    read(text, { ISOPOD_GATEWAY_PORT: "2", OPENCLAW_GATEWAY_PORT: "3" }).get(gateway).port,
    2,
  );
  assert.equal(read(text, { OPENCLAW_GATEWAY_PORT: "3" }).get(gateway).port, 3);
  assert.equal(read(text, { ISOPOD_GATEWAY_PORT: "" }).get(gateway).port, 1);
  assert.deepEqual(codes(text, { ISOPOD_GATEWAY_PORT: "http" }), ["CONFIG_VALUE gateway.port"]);
  const [fault] = read(text, { ISOPOD_GATEWAY_PORT: "http" }).report.faults;
  assert.match(String(fault?.fix), /^Set \$ISOPOD_GATEWAY_PORT to .*, or unset it$/);
  assert.match(
    String(read("{ gateway: { port: -1 } }").report.faults[0]?.fix),
    /^Set gateway\.port/,
  );
});

test("secrets come from the environment or the secrets folder, and are never printed", (t) => {
  const secrets = folder(t);
  writeFileSync(join(secrets, "openai.key"), "sk-file\n");
  const text = `{ gateway: { token: "\${TOKEN}" }, models: { providers: {
    a: { api: "openai-completions", baseUrl: "http://localhost:5000/v1", apiKey: { file: "openai.key" }, headers: { "x-key": "\${TOKEN}" } },
    b: { api: "openai-completions", baseUrl: "http://localhost:5000/v1", apiKey: "literal" } } } }`;
  const config = read(text, { TOKEN: "t0ken" }, secrets);
  const { providers } = config.get(modelsSetting);
  assert.deepEqual(
    [config.get(gateway).token, providers["a"]?.apiKey, providers["b"]?.apiKey],
    ["t0ken", "sk-file", "literal"],
  );
  const shown = JSON.stringify([config.report, explain(config)]);
  for (const secret of ["t0ken", "sk-file", "literal"])
    assert.ok(!shown.includes(secret), `${secret} is shown`);
});

test("security: what a variable says is printed nowhere, nor a URL's password", () => {
  const text = `{
    models: { providers: { a: {
      baseUrl: "http://user:\${CANARY}@host/v1",
      params: { stop: ["\${CANARY}"], api_key: "canary", plain: "$\${CANARY}" },
      maxConcurrent: "\${CANARY}",
    }, b: { baseUrl: "http://user:canary@host/v1" } } },
    agents: { defaults: { instructions: "Say \${CANARY}" } },
  }`;
  const { report } = read(text, { CANARY: "canary" });
  assert.equal(
    report.faults[0]?.path,
    "models.providers.a.maxConcurrent",
    "control: it was filled in",
  );
  assert.match(JSON.stringify(report), /Say \$\{CANARY\}/);
  assert.doesNotMatch(JSON.stringify(report), /canary/);
  const well = read(text.replace(/maxConcurrent.*/, ""), { CANARY: "canary" }).report;
  assert.ok(well.ok);
  assert.match(JSON.stringify(well), /http:\/\/…@host/);
  assert.doesNotMatch(JSON.stringify(well), /canary/);
});

test("security: a secret outside its folder is not read", (t) => {
  const secrets = folder(t);
  for (const file of ["../../etc/passwd", "/etc/passwd", "a/../../x", "missing"]) {
    const text = `{ models: { providers: { a: { baseUrl: "http://localhost:1/v1", apiKey: { file: ${JSON.stringify(file)} } } } } }`;
    assert.equal(read(text, {}, secrets).report.faults[0]?.code, "CONFIG_SECRET", file);
  }
  symlinkSync("/etc/passwd", join(secrets, "link"));
  const text =
    '{ models: { providers: { a: { baseUrl: "http://localhost:1/v1", apiKey: { file: "link" } } } } }';
  assert.equal(read(text, {}, secrets).report.faults[0]?.code, "CONFIG_SECRET");
});

test("explain() says where each value came from, by line, and follows a translation", () => {
  const config = read(
    '{\n  brain: { provider: "local",\n    local: { endpoint: "http://localhost:11434",\n      model: "qwen3:32b" } },\n}',
    { ISOPOD_WORKSPACE: "/w" },
  );
  const origin = Object.fromEntries(explain(config).map(({ path, origin }) => [path, origin]));
  assert.equal(origin["agents.defaults.model.primary"], "isopod.json:4");
  assert.equal(origin["models.providers.ollama.baseUrl"], "isopod.json:3");
  assert.equal(origin["agents.defaults.workspace"], "$ISOPOD_WORKSPACE");
  assert.equal(origin["gateway.port"], "default");
  assert.deepEqual(
    explain(config, "gateway.port").map(({ path }) => path),
    ["gateway.port"],
  );
});

/** What each example of the seeds must come to mean. */
const SEEDS: Record<string, (config: ReturnType<typeof read>) => void> = {
  "lm-studio.json": (config) =>
    assert.equal(provider(config, "lmstudio")?.models["qwen3-32b"]?.contextWindow, 32_768),
  "brain-local.json": (config) => assert.equal(primary(config), "ollama/qwen3:32b"),
  "num-ctx.json": (config) =>
    assert.equal(provider(config, "ollama")?.models["qwen3:32b"]?.params?.["num_ctx"], 32_768),
  "keep-alive.json": (config) =>
    assert.equal(provider(config, "ollama")?.models["qwen3:32b"]?.params?.["keep_alive"], -1),
  "two-ollama-hosts.json": (config) => {
    assert.equal(provider(config, "ollama-large")?.baseUrl, "http://gpu-server-2:11434");
    assert.equal(provider(config, "ollama-fast")?.api, "ollama");
  },
  "brain-fallbacks.json": (config) => {
    assert.equal(primary(config), "ollama-fast/gemma4:12b");
    assert.deepEqual(config.get(agentSettings).defaults.model.fallbacks, [
      "ollama-large/qwen3.5:27b",
    ]);
  },
  "vllm.json": (config) => assert.equal(provider(config, "vllm")?.api, "openai-completions"),
  "sglang.json": (config) =>
    assert.equal(provider(config, "sglang")?.baseUrl, "http://localhost:30000/v1"),
  "custom-provider.json": (config) =>
    assert.equal(provider(config, "my-local")?.timeoutSeconds, 120),
  "compat-flags.json": (config) =>
    assert.equal(provider(config, "my-local")?.compat?.strictMessageKeys, true),
  "provider-shape.json": (config) =>
    assert.deepEqual(provider(config, "provider-id")?.models["model-name"]?.input, ["text"]),
  "hybrid.json": (config) => {
    assert.equal(primary(config), "anthropic/claude-sonnet-4-6");
    assert.equal(config.get(agentSettings).entries["worker"]?.model?.primary, "ollama/qwen3:32b");
  },
  "offline-en.json": offlineSeed,
  "offline-ko.json": offlineSeed,
  "cage.json": (config) => {
    assert.equal(provider(config, "ollama")?.api, "ollama");
    assert.equal(provider(config, "ollama")?.baseUrl, "http://ollama:11434");
    assert.equal(provider(config, "ollama")?.models["qwen2.5-coder:32b"]?.maxTokens, 8192);
    assert.deepEqual(
      [config.get(gateway).bind, config.get(gateway).token],
      ["loopback", "cage-token-0123456789"],
    );
  },
};

for (const [name, means] of Object.entries(SEEDS)) {
  test(`the seeds' example ${name} loads unchanged and means what its author meant`, () => {
    const text = readFileSync(join(import.meta.dirname, "../../test/fixtures/seeds", name), "utf8");
    const config = read(text, { OPENCLAW_GATEWAY_TOKEN: "cage-token-0123456789" });
    assert.deepEqual(config.report.faults, []);
    means(config);
  });
}

function offlineSeed(config: ReturnType<typeof read>) {
  assert.equal(config.get(offline), true);
  assert.equal(provider(config, "ollama")?.baseUrl, "http://localhost:11434");
  assert.deepEqual(config.get(agentSettings).defaults.model.fallbacks, ["ollama/llama3.3:latest"]);
}

const provider = (config: ReturnType<typeof read>, id: string) =>
  config.get(modelsSetting).providers[id];
const primary = (config: ReturnType<typeof read>) =>
  config.get(agentSettings).defaults.model.primary;

test("parseConfig() answers any JSON with a report, never an exception", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const { report } = read(text);
      assert.equal(report.ok, report.faults.length === 0);
    }),
    { numRuns: 300 },
  );
});

test("parseConfig() answers any mangled seed with a report, never an exception", () => {
  const path = join(import.meta.dirname, "../../test/fixtures/seeds/hybrid.json");
  const text = readFileSync(path, "utf8");
  const junk = fc.constantFrom("null", "[]", "{}", '"x"', "7", "true", '{"id":{}}', "[[]]");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), junk, (skip, value) => {
      let seen = 0;
      const mangled = text.replaceAll(/"[^"]*"(?=\s*[,\n}\]])|\{[^{}]*\}/g, (found) =>
        seen++ === skip ? value : found,
      );
      read(mangled);
    }),
  );
});

test("loadConfig() prefers the named file, then isopod.json, then an openclaw.json beside it", (t) => {
  const home = folder(t);
  assert.equal(loadConfig({ home, env: {}, settings }).config.get(gateway).port, 18_789);
  writeFileSync(join(home, "openclaw.json"), "\uFEFF{ gateway: { port: 1 } }");
  assert.equal(loadConfig({ home, env: {}, settings }).config.get(gateway).port, 1);
  writeFileSync(join(home, "isopod.json"), "{ gateway: { port: 2 } }");
  assert.equal(loadConfig({ home, env: {}, settings }).config.get(gateway).port, 2);
  const env = { ISOPOD_CONFIG: join(home, "gone.json") };
  assert.throws(() => loadConfig({ home, env, settings }), { code: "CONFIG_MISSING" });
  assert.throws(() => loadConfig({ home, env: { ISOPOD_CONFIG: home }, settings }), {
    code: "CONFIG_UNREADABLE",
  });
});

test("editConfig() changes one value and keeps comments, order and quotes", (t) => {
  const file = join(folder(t), "isopod.json");
  writeFileSync(
    file,
    "{\n  // who answers\n  'offline': true, // for good\n  agents: { defaults: { model: { primary: 'a/b' } } },\n}\n",
  );
  const path = parsePath("agents.defaults.model.primary");
  editConfig(file, { path, value: "ollama/qwen3:8b" });
  const text = readFileSync(file, "utf8");
  assert.match(text, /\/\/ who answers\n {2}'offline': true, \/\/ for good/);
  assert.equal(primary(read(text)), "ollama/qwen3:8b");
});

test("editConfig() makes the file where there is none, and leaves a broken one alone", (t) => {
  const file = join(folder(t), "new", "isopod.json");
  editConfig(file, { path: ["agents", "defaults", "model", "primary"], value: "a/b" });
  assert.equal(primary(read(readFileSync(file, "utf8"))), "a/b");
  writeFileSync(file, "{ broken");
  assert.throws(() => editConfig(file, { path: ["offline"], value: true }), {
    code: "CONFIG_SYNTAX",
  });
  assert.equal(readFileSync(file, "utf8"), "{ broken");
});

test("editConfig() changes nothing when the check refuses the result", (t) => {
  const file = join(folder(t), "isopod.json");
  const refuse = (text: string) => void read(text).get(gateway);
  writeFileSync(file, "{ offline: true }");
  const edit = { path: ["gateway", "port"], value: "high" };
  assert.throws(() => editConfig(file, edit, refuse), { code: "CONFIG_VALUE" });
  assert.equal(readFileSync(file, "utf8"), "{ offline: true }");
});

test("parsePath() takes keys with dots in quotes", () => {
  assert.deepEqual(parsePath('models.providers.ollama.models["qwen2.5:7b"].contextWindow'), [
    "models",
    "providers",
    "ollama",
    "models",
    "qwen2.5:7b",
    "contextWindow",
  ]);
});
