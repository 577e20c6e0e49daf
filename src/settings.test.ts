import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { z } from "zod";

import { type Config, parseConfig } from "./config/config.ts";
import { configExample } from "./config/example.ts";
import { defineSetting } from "./protocol/setting.ts";
import { loadAppConfig, settings } from "./settings.ts";

const file = join(import.meta.dirname, "../config.example.jsonc");
const example = readFileSync(file, "utf8");

const read = (text: string, env = {}, secretsFolder = "/nowhere"): Config =>
  parseConfig({ file: { name: "isopod.json", text }, env, secretsFolder, settings });

test("config.example.jsonc is what the settings make of it: `npm run fix` writes it", () => {
  assert.equal(example, configExample(settings));
});

test("config.example.jsonc means the same as an empty config, without a note", () => {
  const { report } = read(example);
  assert.deepEqual([report.faults, report.notes], [[], []]);
  assert.deepEqual(report.effective, read("{}").report.effective);
});

test("a default that the example states is the default that holds", () => {
  const widened = example.replace('"maxSteps": 40', '"maxSteps": 41');
  assert.notDeepEqual(read(widened).report.effective, read("{}").report.effective);
});

test("every example that stands commented out can be used as it is, without a note", (t) => {
  const secrets = mkdtempSync(join(tmpdir(), "isopod-example-"));
  t.after(() => rmSync(secrets, { recursive: true }));
  writeFileSync(join(secrets, "my-server.key"), "secret\n");
  const { report } = read(uncommented(example), EXAMPLE_ENV, secrets);
  assert.deepEqual([report.faults, report.notes], [[], []]);
  const text = JSON.stringify(report.effective);
  for (const used of ["my-server", "192.168.1.20", "qwen3:8b", "cacheWrite", "writer", "(secret)"])
    assert.ok(text.includes(used), `${used} is not in force`);
});

const EXAMPLE_ENV = { MY_GATEWAY_TOKEN: "x".repeat(24), SEARCH_API_KEY: "x" };

/** Every line of code that is commented out, taken in; comments in words stay. */
const uncommented = (text: string) =>
  text.replaceAll(/^(\s*)\/\/ (\s*(?:"[^"]+": .*[,{]|[}\]],))$/gm, "$1$2");

test("every setting, and every field of one, says why it is there", () => {
  const silent = settings.flatMap(({ key, schema }) => fieldsWithout(key, toSchema(schema)));
  assert.deepEqual(silent, []);
});

test("a field without a reason is seen", () => {
  const schema = toSchema(z.object({ a: z.record(z.string(), z.object({ b: z.string() })) }));
  assert.deepEqual(fieldsWithout("key", schema), ["key", "key.a", "key.a.*.b"]);
});

test("configExample() wants an example of what has no default", () => {
  const setting = defineSetting({
    key: "colours",
    restricts: false,
    schema: z.object({ first: z.string().optional().describe("The first") }).prefault({}),
  });
  assert.throws(() => configExample([setting]), /"first" has no default/);
});

test("loadAppConfig() reads the config in force, or another file in its place", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "isopod-settings-"));
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "other"));
  writeFileSync(join(home, "isopod.json"), "{ offline: true }");
  writeFileSync(join(home, "other/isopod.json"), "{ offline: false }");
  const inForce = await loadAppConfig({ home, env: {} });
  assert.equal(inForce.config.report.effective["offline"], true);
  const other = await loadAppConfig({ home, env: {} }, join(home, "other/isopod.json"));
  assert.equal(other.config.report.effective["offline"], false);
});

type Schema = {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
};

const toSchema = (schema: z.ZodType) =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;

/** Paths of fields without a description. What a record holds is described by the record. */
function fieldsWithout(path: string, schema: Schema): string[] {
  const { description, properties = {}, additionalProperties: item } = schema;
  const inItem = typeof item === "object" ? fieldsOf(`${path}.*`, item) : [];
  return [
    ...(description === undefined ? [path] : []),
    ...fieldsOf(path, { properties }),
    ...inItem,
  ];
}

const fieldsOf = (path: string, { properties = {} }: Schema) =>
  Object.entries(properties).flatMap(([key, child]) => fieldsWithout(`${path}.${key}`, child));
