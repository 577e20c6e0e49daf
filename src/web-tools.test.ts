import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { createSearch } from "../test/fakes/search.ts";
import { createListGrants } from "../test/fakes/tool-context.ts";
import { systemClock } from "./base/clock.ts";
import { parseConfig } from "./config/config.ts";
import { createEgress } from "./network/guard.ts";
import { toAllowedHost } from "./network/policy.ts";
import { openDoors } from "./process/doors.ts";
import type { LedgerLine } from "./protocol/api.ts";
import type { Mode } from "./protocol/event.ts";
import { settings } from "./settings.ts";
import type { ToolContext } from "./tools/tool.ts";
import { buildWebTools, searchEngine } from "./web-tools.ts";

const read = (text: string) => {
  const file = { name: "isopod.json", text };
  const config = parseConfig({ file, env: {}, secretsFolder: "/nowhere", settings });
  assert.deepEqual(config.report.faults, []);
  return config;
};

/** As the guard is told of it. */
const searchHosts = (config: ReturnType<typeof read>) =>
  [toAllowedHost(searchEngine(config), "tools.web.search")].filter((host) => host !== undefined);

function build(text: string, mode: Mode = "internet") {
  const config = read(text);
  const lines: Omit<LedgerLine, "at">[] = [];
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode, hosts: searchHosts(config) }),
    ledger: { append: (line) => void lines.push(line) },
    clock: systemClock,
  });
  const tools = buildWebTools({ config, egress });
  const context = {
    reach: () => ({ mode, private: false }),
    grants: createListGrants(),
    signal: new AbortController().signal,
  } as unknown as ToolContext; // all that the web tools look at
  return { config, tools, context, egress, lines, names: tools.map(({ name }) => name) };
}

test("without a word of config pages can be read, and nothing can be searched", () => {
  const { config, names } = build("{}");
  assert.deepEqual(names, ["web_fetch"]);
  assert.deepEqual(searchHosts(config), []);
});

test("config takes a tool away, and its engine's host with it", () => {
  const engine = `provider: "searxng", url: "http://search.lan:8080"`;
  const all = build(`{ tools: { web: { search: { ${engine} } } } }`);
  assert.deepEqual(all.names, ["web_search", "web_fetch"]);
  assert.deepEqual(searchHosts(all.config), [{ host: "search.lan", setting: "tools.web.search" }]);
  const none = build(
    `{ tools: { web: { fetch: { enabled: false }, search: { enabled: false, ${engine} } } } }`,
  );
  assert.deepEqual([none.names, searchHosts(none.config)], [[], []]);
  const brave = read(`{ tools: { web: { search: { provider: "brave", apiKey: "k" } } } }`);
  assert.deepEqual(
    searchHosts(brave).map(({ host }) => host),
    ["api.search.brave.com"],
  );
});

test("about hosts of network.allow nobody is asked; about the search engine's own host a person is", () => {
  const { tools, context } = build(
    `{ network: { allow: ["docs.example"] }, tools: { web: { search: { provider: "brave", apiKey: "k" } } } }`,
  );
  const fetch = tools.find(({ name }) => name === "web_fetch");
  assert.equal(fetch?.asks?.({ url: "https://docs.example/x" }, context), undefined);
  assert.match(fetch?.asks?.({ url: "https://api.search.brave.com/" }, context) ?? "", /brave/);
});

test("a search engine on this machine is asked through the guard, with its line in the ledger", async (t) => {
  const server = createServer(createSearch("searxng"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  const text = `{ tools: { web: { search: { provider: "searxng", url: "http://127.0.0.1:${port}" } } } }`;
  const { tools, context, lines, egress } = build(text);
  t.after(() => {
    egress.close();
    server.close();
  });
  const found = await tools[0]?.run({ query: "rain" }, context);
  assert.match(found ?? "", /1\. Rain tomorrow\n {3}https:\/\/weather\.example\/rain/);
  assert.deepEqual(
    lines.map(({ kind, purpose, host }) => [kind, purpose, host]),
    [
      ["connection", "tools.web_search", `127.0.0.1:${port}`],
      ["request", "tools.web_search", `127.0.0.1:${port}`],
    ],
  );
});
