import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { LEAST_CONTEXT } from "../models/context.ts";
import { toOllamaFields } from "../models/params/fields.ts";
import { PARAMS } from "../models/params/table.ts";
import { wishesFor } from "../models/params/wishes.ts";
import { modelsSetting } from "../models/settings.ts";
import { toTimeouts } from "../models/timeouts.ts";
import { isObject } from "./read.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
const section = page.slice(page.indexOf("## Defaults beside the guide's"));
const rows = Array.from(
  section.matchAll(/^\| `([^`]+)`\s*\|([^|]*)\|([^|]*)\|/gm),
  ([, setting = "", guide = "", here = ""]) => ({ setting, guide: bare(guide), here: bare(here) }),
);

function bare(cell: string): string {
  return cell.trim().replaceAll("`", "");
}

/** A provider and a model of which the config says nothing. */
const models = modelsSetting.schema.parse({ providers: { p: { models: { m: {} } } } });
const provider = models.providers["p"];
const own = wishesFor(provider?.models["m"], provider, models.params);

/** The default that the schema has, or the rule that stands in for one. */
function defaultOf(setting: string): unknown {
  const [, param] = /^params\.(.+)$/.exec(setting) ?? [];
  if (param) {
    assert.ok(Object.hasOwn(PARAMS, param), `${param} is a parameter`);
    if (param === "num_ctx") return "always sent";
    return own.params[param] ?? toOllamaFields(own.params).options[param] ?? "not sent";
  }
  switch (setting) {
    case "models.mode":
      return JSON.stringify(models.mode);
    case "models.providers.*.timeoutSeconds":
      return toTimeouts(provider?.timeoutSeconds).firstTokenMs / 1_000;
    case "models.*.contextWindow":
      return own.contextWindow ?? LEAST_CONTEXT;
    case "models.*.maxTokens":
      return own.maxTokens ?? "not sent";
    case "models.*.reasoning":
      return provider?.models["m"]?.reasoning ?? "by server";
    case "models.*.cost":
      return provider?.models["m"]?.cost ?? "none";
    case "models.providers.*.api":
      return provider?.api ?? "by product";
    case "models.providers.*.apiKey":
      return provider?.apiKey ?? "none";
    default:
      return assert.fail(`no rule for ${setting}`);
  }
}

test("the table of defaults in docs/configuration.md says what the schema says", () => {
  for (const { setting, here } of rows) assert.equal(String(defaultOf(setting)), here, setting);
});

test("the table has each field and parameter that the guide gives a default", () => {
  const named = new Set(rows.map(({ setting }) => setting.replace(/^.*\./, "")));
  const guide =
    `mode api apiKey timeoutSeconds contextWindow maxTokens reasoning cost temperature top_p top_k
    min_p num_predict num_batch num_thread use_mmap keep_alive num_ctx`.split(/\s+/);
  assert.deepEqual(
    guide.filter((name) => !named.has(name)),
    [],
  );
  const timeout = rows.find(({ setting }) => setting.endsWith("timeoutSeconds"));
  assert.deepEqual([timeout?.guide, timeout?.here], ["60", "600"]);
});

test("a default that appeared in the schema would be seen", () => {
  const widened = modelsSetting.schema.parse({ params: { temperature: 0.7 }, providers: {} });
  assert.ok(isObject(widened.params));
  const wishes = wishesFor(undefined, undefined, widened.params);
  assert.deepEqual(toOllamaFields(wishes.params).options, { temperature: 0.7 });
});
