/**
 * What web_fetch promises, with the true guard and true servers, in a network namespace whose loopback has
 * addresses of every kind: two of them stand for the internet. An observer listens on all of them; each attack
 * has a control that goes round the guard and must arrive.
 *
 * Run by itself the file makes the namespace and runs again inside.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, get, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { createListGrants, createToolStage } from "../../../test/fakes/tool-context.ts";
import { systemClock } from "../../base/clock.ts";
import { createEgress } from "../../network/guard.ts";
import { openDoors } from "../../process/doors.ts";
import type { LedgerLine } from "../../protocol/api.ts";
import type { Mode } from "../../protocol/event.ts";
import { parseArguments } from "../spec.ts";
import type { Tool } from "../tool.ts";
import { createWebFetch } from "./web-fetch.ts";

const INSIDE = "ISOPOD_TEST_NAMESPACE";
const FILE = fileURLToPath(import.meta.url);

const LAN = "192.168.77.7";
const MESH = "100.64.0.9";
const METADATA = "169.254.169.254";
const PUBLIC = "203.0.113.9";
const OTHER = "198.51.100.7";

if (process.env[INSIDE] === "1") runInside();
else runOutside();

function runOutside(): void {
  const addresses = [LAN, MESH, METADATA, PUBLIC, OTHER];
  const script = [
    "ip link set lo up",
    ...addresses.map((address) => `ip addr add ${address}/32 dev lo`),
    'exec "$0" "$1"',
  ].join(" && ");
  const inNamespace = (command: string, ...args: string[]) => {
    // Without what node:test sets, the tests inside run and report as if started by hand.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const options = { env: { ...env, [INSIDE]: "1" }, encoding: "utf8" } as const;
    return spawnSync("unshare", ["--user", "--map-root-user", "--net", command, ...args], options);
  };
  const isPossible = inNamespace("ip", "link").status === 0;
  const skip = isPossible ? false : "unshare, ip or user namespaces are missing";

  test("security: web_fetch holds in a namespace with addresses of every kind", { skip }, () => {
    const { status, stdout, stderr } = inNamespace("sh", "-c", script, process.execPath, FILE);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^ℹ pass (2[5-9]|[3-9]\d)|^# pass (2[5-9]|[3-9]\d)/m, "fewer tests ran");
  });
}

function runInside(): void {
  /** The addresses at which something arrived, and what was asked there. */
  const arrived: { at: string; host: string; path: string }[] = [];
  let answer: RequestListener = (_, response) => response.end("x");
  const observer = createServer((request, response) => {
    const at = request.socket.localAddress?.replace("::ffff:", "") ?? "";
    arrived.push({ at, host: request.headers.host ?? "", path: request.url ?? "" });
    response.setHeader("content-type", "text/plain");
    answer(request, response);
  });
  before(() => new Promise<void>((resolve) => observer.listen(80, "::", resolve)));
  after(() => {
    observer.closeAllConnections();
    observer.close();
  });
  const places = () => arrived.map(({ at }) => at);

  /** The tool behind the true guard. `names` says what the resolver answers, each time anew. */
  async function createReader(given: Given) {
    const { names = {}, listed = [], agreed = [], ca } = given;
    arrived.length = 0;
    answer = given.answer ?? ((_, response) => response.end("arrived"));
    const state = { mode: given.mode ?? ("internet" as Mode), passedMs: 0 };
    const lines: Omit<LedgerLine, "at">[] = [];
    const asked: string[] = [];
    const egress = createEgress({
      doors: openDoors,
      policy: () => ({
        mode: state.mode,
        hosts: listed.map((host) => ({ host, setting: "network.allow" })),
      }),
      ledger: { append: (line) => void lines.push(line) },
      clock: { ...systemClock, elapsedMs: () => systemClock.elapsedMs() + state.passedMs },
      lookup: async (name) => {
        asked.push(name);
        return names[name]?.() ?? [];
      },
      ...(ca && { ca: [ca] }),
    });
    const stage = await createToolStage();
    const tool = createWebFetch({ egress: egress.web, listed });
    const context = await stage.context({
      reach: () => ({ mode: state.mode, private: false }),
      grants: createListGrants(agreed),
    });
    after(async () => {
      egress.close();
      await stage.remove();
    });
    /** The page's text, or the code of the refusal. */
    const read = async (url: string): Promise<string> => {
      try {
        return await tool.run({ url }, context);
      } catch (error) {
        return (error as { code?: string }).code ?? String(error); // asserted on by every test
      }
    };
    return { tool, context, egress, state, lines, asked, read };
  }

  /** The control: the same without the guard. */
  async function goRound(host: string): Promise<void> {
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`http://${host}/`, { agent: false }, resolve).on("error", reject);
    });
    answered.resume();
  }

  // Not through the arguments, which refuse most of these already: the guard has to hold by itself.
  for (const [what, host, at] of [
    ["loopback", "127.0.0.1", "127.0.0.1"],
    ["loopback in one number", "2130706433", "127.0.0.1"],
    ["loopback in hexadecimal", "0x7f.0x0.1", "127.0.0.1"],
    ["loopback in octal", "0177.0.0.1", "127.0.0.1"],
    ["loopback in short", "127.1", "127.0.0.1"],
    ["loopback of IPv6", "[::1]", "::1"],
    ["loopback mapped into IPv6", "[::ffff:127.0.0.1]", "127.0.0.1"],
    ["0.0.0.0", "0.0.0.0", "127.0.0.1"],
    ["an address of the LAN", LAN, LAN],
    ["an address of the LAN mapped into IPv6", `[::ffff:${LAN}]`, LAN],
    ["an address of the mesh", MESH, MESH],
    ["the metadata of a cloud", METADATA, METADATA],
    ["the metadata of a cloud in one number", String(0xa9fea9fe), METADATA],
  ] as const) {
    test(`security: a page is not read from ${what}, written in the address or said by a name`, async () => {
      const listed = [host, at, "page.example"];
      const names = { "page.example": () => [at] };
      const { read, lines, egress } = await createReader({ listed, names });
      const signal = AbortSignal.timeout(5_000);
      const direct = { url: `http://${host}/`, purpose: "attack", signal };
      await assert.rejects(egress.web.request(direct), { code: "EGRESS_BLOCKED" });
      assert.equal(await read("http://page.example/"), "EGRESS_BLOCKED");
      assert.deepEqual(places(), []);
      assert.deepEqual(
        lines.map(({ kind, verdict, purpose }) => [kind, verdict, purpose]),
        [
          ["request", "blocked", "attack"],
          ["name", "allowed", "tools.web_fetch"],
          ["request", "blocked", "tools.web_fetch"],
        ],
      );
      await goRound(host);
      assert.deepEqual(places(), [at], "the control must arrive");
    });
  }

  test("what is on the internet arrives, once for each address of it", async () => {
    const names = { "page.example": () => [PUBLIC] };
    const { read } = await createReader({ names });
    assert.match(await read("http://page.example/a?b=c"), /\narrived\n/);
    assert.match(await read(`http://${OTHER}/`), /\narrived\n/);
    assert.deepEqual(arrived, [
      { at: PUBLIC, host: "page.example", path: "/a?b=c" },
      { at: OTHER, host: OTHER, path: "/" },
    ]);
  });

  test("security: that config lists a host of the LAN opens it to models, and not to pages", async () => {
    const names = { "wiki.example": () => [LAN] };
    const { read, egress } = await createReader({ listed: ["wiki.example"], names });
    assert.equal(await read("http://wiki.example/"), "EGRESS_BLOCKED");
    assert.deepEqual(places(), []);
    const signal = AbortSignal.timeout(5_000);
    const url = "http://wiki.example/";
    await (await egress.request({ url, purpose: "models.chat", signal })).text();
    assert.deepEqual(places(), [LAN], "the control: the ordinary way is open");
  });

  test("security: one private address among public ones spoils the name", async () => {
    const { read } = await createReader({ names: { "page.example": () => [PUBLIC, LAN] } });
    assert.equal(await read("http://page.example/"), "EGRESS_BLOCKED");
    assert.deepEqual(places(), []);
    await goRound(LAN);
    assert.deepEqual(places(), [LAN]);
  });

  test("security: a name that is public when it is checked and private when it is used is not used then", async () => {
    let times = 0;
    const names = { "page.example": () => [(times += 1) === 1 ? PUBLIC : LAN] };
    const { read, asked } = await createReader({ names });
    assert.match(await read("http://page.example/"), /arrived/);
    assert.deepEqual([asked.length, places()], [1, [PUBLIC]], "asked once, and used as checked");
  });

  test("security: a name that turns private between two redirects is refused at the second", async () => {
    let times = 0;
    const names = { "page.example": () => [(times += 1) === 1 ? PUBLIC : LAN] };
    const reader = await createReader({
      names,
      answer: (request, response) => {
        reader.state.passedMs += 60_000; // the resolver is asked anew
        if (request.url === "/") response.writeHead(302, { location: "/next" }).end();
        else response.end("secret of the LAN");
      },
    });
    assert.equal(await reader.read("http://page.example/"), "EGRESS_BLOCKED");
    assert.deepEqual([reader.asked.length, places()], [2, [PUBLIC]]);
    await goRound(LAN);
    assert.deepEqual(places(), [PUBLIC, LAN], "the control must arrive");
  });

  test("security: a redirect to a site that was agreed to and leads here is refused", async () => {
    const names = { "page.example": () => [PUBLIC], "near.example": () => ["127.0.0.1"] };
    const { read } = await createReader({
      names,
      agreed: ["web:near.example"],
      answer: (_, response) => response.writeHead(302, { location: "http://near.example/" }).end(),
    });
    assert.equal(await read("http://page.example/"), "EGRESS_BLOCKED");
    assert.deepEqual(places(), [PUBLIC]);
    await goRound("127.0.0.1");
    assert.deepEqual(places(), [PUBLIC, "127.0.0.1"]);
  });

  test("security: a page is never read over a connection that was opened to the LAN for somebody else", async () => {
    let at = LAN;
    const { read, egress, state } = await createReader({
      names: { "box.example": () => [at] },
      listed: ["box.example"],
      answer: (request, response) => response.end(`from ${request.socket.localAddress}`),
    });
    const signal = AbortSignal.timeout(5_000);
    const chat = { url: "http://box.example/", purpose: "models.chat", signal };
    await (await egress.request(chat)).text();
    at = PUBLIC;
    state.passedMs += 60_000;
    assert.match(await read("http://box.example/"), new RegExp(PUBLIC));
    assert.deepEqual(places(), [LAN, PUBLIC]);
  });

  test("security: the name of a site is not even looked up before somebody agreed", async () => {
    const names = { "leak-7f3a.example": () => [PUBLIC] };
    const { tool, context, asked, read } = await createReader({ names });
    const url = "http://leak-7f3a.example/";
    const input = parseArguments(tool as unknown as Tool<{ url: string }>, JSON.stringify({ url }));
    assert.match(tool.asks?.(input, context) ?? "", /leak-7f3a\.example/);
    assert.deepEqual(asked, []);
    await read(url);
    assert.deepEqual(asked, ["leak-7f3a.example"], "the control: then it is");
  });

  test("security: in mode private or device nothing is read, and no name is looked up", async () => {
    const names = { "page.example": () => [PUBLIC] };
    for (const mode of ["private", "device"] as const) {
      const { read, egress, asked } = await createReader({ mode, names, listed: ["page.example"] });
      assert.equal(await read("http://page.example/"), "WEB_OFF");
      const signal = AbortSignal.timeout(5_000);
      const direct = { url: "http://page.example/", purpose: "attack", signal };
      await assert.rejects(egress.web.request(direct), { code: "EGRESS_BLOCKED" });
      assert.deepEqual([asked, places()], [[], []]);
    }
    await goRound(PUBLIC);
    assert.deepEqual(places(), [PUBLIC]);
  });

  test("security: a mode that is narrowed cuts a page that is on its way", async () => {
    const reader = await createReader({
      answer: (_, response) => {
        response.write("first");
        setImmediate(() => {
          reader.state.mode = "private";
          reader.egress.recheck();
        });
      },
    });
    assert.equal(await reader.read(`http://${PUBLIC}/`), "EGRESS_BLOCKED");
  });

  test("security: a connection ends with its page: nothing ties one page to the next", async () => {
    const sockets = new Set<unknown>();
    const { read } = await createReader({
      answer: (request, response) => {
        sockets.add(request.socket);
        response.end("x");
      },
    });
    for (let at = 0; at < 3; at += 1) await read(`http://${PUBLIC}/${at}`);
    assert.equal(sockets.size, 3);
    for (const socket of sockets as Set<IncomingMessage["socket"]>) {
      if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
    }
  });

  test("security: the ledger says which host was reached for a page, and nothing of its address", async () => {
    const names = { "page.example": () => [PUBLIC] };
    const { read, lines } = await createReader({ names });
    await read("http://page.example/secret?token=7");
    const kinds = lines.map(({ kind, purpose, host, address }) => [kind, purpose, host, address]);
    assert.deepEqual(kinds, [
      ["name", "tools.web_fetch", "page.example", ""],
      ["connection", "tools.web_fetch", "page.example:80", PUBLIC],
      ["request", "tools.web_fetch", "page.example:80", PUBLIC],
    ]);
    assert.doesNotMatch(JSON.stringify(lines), /secret|token/);
  });

  test("security: a certificate that is not the name's own is not accepted", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "isopod-web-tls-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=page.example", "-addext", "subjectAltName=DNS:page.example"];
    const files = ["-keyout", key, "-out", cert];
    const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    execFileSync("openssl", [...made, "-nodes", "-days", "2", ...subject, ...files], {
      stdio: "ignore",
    });
    const ca = readFileSync(cert, "utf8");
    const server = createTlsServer({ key: readFileSync(key), cert: ca }, (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" }).end("over TLS");
    });
    await new Promise<void>((resolve) => server.listen(443, PUBLIC, resolve));
    t.after(() => server.close());
    const names = { "page.example": () => [PUBLIC], "other.example": () => [PUBLIC] };
    const stranger = await createReader({ names });
    assert.equal(await stranger.read("https://page.example/"), "WEB_FAILED");
    const trusting = await createReader({ names, ca });
    assert.match(await trusting.read("https://page.example/"), /over TLS/);
    assert.equal(await trusting.read("https://other.example/"), "WEB_FAILED");
  });
}

type Given = {
  mode?: Mode;
  names?: Record<string, () => string[]>;
  listed?: string[];
  agreed?: string[];
  answer?: RequestListener;
  ca?: string;
};
