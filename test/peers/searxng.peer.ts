/**
 * web_search before a true SearXNG, whose one engine is a server of this test's: no search leaves the machine.
 * `ISOPOD_SEARXNG` names a folder with its source and, in `venv`, what its requirements.txt lists:
 *
 *     git clone https://github.com/searxng/searxng && cd searxng
 *     python3 -m venv venv && venv/bin/pip install -r requirements.txt
 *
 * With `ISOPOD_PEERS_RECORD=1` what it said is kept in `test/fixtures/searxng.json`.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import type { Egress } from "../../src/network/egress.ts";
import { createEgress } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { createWebSearch } from "../../src/tools/web/web-search.ts";
import { createToolStage } from "../fakes/tool-context.ts";

const FOLDER = process.env["ISOPOD_SEARXNG"] ?? "";
const PYTHON = join(FOLDER, "venv/bin/python");
const isThere = FOLDER !== "" && existsSync(PYTHON) && existsSync(join(FOLDER, "searx/webapp.py"));
const skip = isThere ? false : "SearXNG is not installed: ISOPOD_SEARXNG names its folder";
const FIXTURE = join(import.meta.dirname, "../fixtures/searxng.json");

/** Slow machines take half a minute to load its engines. */
const START_MS = 90_000;

const recorded: { path: string; status: number; body: string }[] = [];
const stage = await createToolStage();
after(async () => {
  await stage.remove();
  if (process.env["ISOPOD_PEERS_RECORD"] !== "1" || recorded.length === 0) return;
  const note = { recordedAt: new Date().toISOString(), exchanges: recorded };
  writeFileSync(FIXTURE, `${JSON.stringify(note, null, 2)}\n`);
});

test(
  "SearXNG: results are shown, nothing found is said, and which engine failed",
  { skip },
  async (t) => {
    const url = await start(t, "[html, json]");
    const found = await search(url, "will it rain & snow?");
    assert.match(
      found,
      /<data from="searxng">\n1\. Rain tomorrow\n {3}https:\/\/weather\.example\/rain\n {3}It will rain/,
    );
    assert.match(found, /2\. Snow\n {3}https:\/\/snow\.example\//);
    assert.equal(await search(url, "nothing"), "[nothing was found]");
    await assert.rejects(search(url, "broken"), {
      code: "SEARCH_FAILED",
      message: /none of its engines answered: own \(/,
    });
  },
);

test("SearXNG: without json in search.formats the fault says so", { skip }, async (t) => {
  const url = await start(t, "[html]");
  await assert.rejects(search(url, "rain"), {
    code: "SEARCH_FAILED",
    fix: /Add json to search\.formats/,
  });
});

async function search(url: string, query: string): Promise<string> {
  const guard = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "internet", hosts: [] }),
    ledger: { append: () => {} },
    clock: systemClock,
  });
  const settings = { enabled: true, provider: "searxng", url } as const;
  const tool = createWebSearch({ egress: recording(guard), settings });
  const reach = () => ({ mode: "internet", private: false }) as const;
  const context = await stage.context({ reach });
  try {
    return (await tool?.run({ query }, context)) ?? "";
  } finally {
    guard.close();
  }
}

/** Keeps what was said, without the port. */
const recording = (egress: Egress): Egress => ({
  async request(request) {
    const answer = await egress.request(request);
    const body = await answer.text();
    const { pathname, search } = new URL(request.url);
    recorded.push({ path: pathname + search, status: answer.status, body });
    return { ...answer, body: toStream(body) };
  },
});

async function* toStream(text: string) {
  yield Buffer.from(text);
}

/** The search engine behind it: SearXNG's `json_engine` reads what it answers. */
async function createEngine(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://engine");
    const hits = [
      { title: "Rain tomorrow", url: "https://weather.example/rain", text: "It will rain." },
      { title: "Snow", url: "https://snow.example/", text: "" },
    ];
    const query = searchParams.get("q");
    const results = query === "nothing" ? [] : hits;
    response.writeHead(query === "broken" ? 500 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ results }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(t: TestContext, formats: string): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "isopod-searxng-"));
  const engine = await createEngine(t);
  const port = await freePort();
  const settings = `use_default_settings:
  engines: { keep_only: [] }
server: { secret_key: "${"0123456789abcdef".repeat(4)}", limiter: false, port: ${port}, bind_address: "127.0.0.1" }
search: { formats: ${formats} }
engines:
  - { name: own, engine: json_engine, shortcut: own, categories: general, search_url: "${engine}/?q={query}",
      enable_http: true,
      results_query: results, url_query: url, title_query: title, content_query: text }
`;
  const file = join(scratch, "settings.yml");
  writeFileSync(file, settings);
  const env = { ...process.env, SEARXNG_SETTINGS_PATH: file, PYTHONPATH: FOLDER, HOME: scratch };
  const child = spawn(PYTHON, ["-m", "searx.webapp"], { cwd: scratch, env, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill();
    await ended;
    rmSync(scratch, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + START_MS; Date.now() < until;) {
    if (await answers(`${url}/healthz`)) return url;
    await systemClock.sleep(300);
  }
  throw new Error(`SearXNG did not answer within ${START_MS / 1000} s`);
}

const answers = (url: string) =>
  new Promise<boolean>((resolve) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  await new Promise((resolve) => server.close(resolve));
  return port;
}
