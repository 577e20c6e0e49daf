import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { createSite } from "./site.ts";

const PAGE = "<!doctype html><title>Isopod</title>";
let root = "";
let dist = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "isopod-site-"));
  dist = join(root, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "canary");
  await writeFile(join(dist, "index.html"), PAGE);
  await writeFile(join(dist, "icon.svg"), "<svg/>");
  await writeFile(join(dist, "notes.bak"), "canary");
  await writeFile(join(dist, "assets", "index-B2xY_9aZ.js"), "let a = 1;");
  await writeFile(join(dist, "assets", "index-B2xY_9aZ.js.gz"), gzipSync("let a = 1;"));
  await symlink(join(root, "secret.txt"), join(dist, "link.txt"));
});
after(() => rm(root, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  createSite(dist).answer(method, path, new Headers(headers));
const NAVIGATE = { "sec-fetch-mode": "navigate" };

test("the page is never kept, a file with a hash in its name forever, others are asked about", async () => {
  const page = await get("/");
  assert.equal(await page.text(), PAGE);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(page.headers.get("cache-control"), "no-store");
  const script = await get("/assets/index-B2xY_9aZ.js");
  assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(script.headers.get("cache-control") ?? "", /immutable/);
  const icon = await get("/icon.svg");
  assert.equal(icon.headers.get("cache-control"), "no-cache");
  const etag = icon.headers.get("etag") ?? "";
  assert.equal((await get("/icon.svg", { "if-none-match": etag })).status, 304);
});

test("a packed twin is sent to who can unpack it", async () => {
  const plain = await get("/assets/index-B2xY_9aZ.js");
  assert.equal(await plain.text(), "let a = 1;");
  const packed = await get("/assets/index-B2xY_9aZ.js", { "accept-encoding": "br, gzip" });
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("vary"), "accept-encoding");
  assert.equal(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString(), "let a = 1;");
});

test("an address of the app gets the page, a missing file does not", async () => {
  assert.equal(await (await get("/s/ses_1", NAVIGATE)).text(), PAGE);
  assert.equal(await (await get("/s/ses_1", { accept: "text/html,*/*" })).text(), PAGE);
  await assert.rejects(get("/assets/gone.js", { "sec-fetch-mode": "cors" }), { code: "NOT_FOUND" });
  await assert.rejects(get("/assets/gone.js"), { code: "NOT_FOUND" });
  await assert.rejects(get("/", {}, "POST"), { code: "METHOD_REFUSED" });
  assert.equal(await (await get("/", {}, "HEAD")).text(), "");
});

test("security: nothing outside of the list is served, however it is spelt", async () => {
  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/../../secret.txt",
    "/assets/..\\..\\secret.txt",
    "//secret.txt",
    "/./icon.svg",
    "/icon.svg\0.html",
    "/link.txt",
    "/notes.bak",
    "/assets",
    "/assets/",
    "/__proto__",
    "/constructor",
    "/assets/index-B2xY_9aZ.js.gz",
  ]) {
    await assert.rejects(get(path), { code: "NOT_FOUND" }, path);
    const shown = await get(path, NAVIGATE);
    assert.equal(await shown.text(), PAGE, path);
  }
});

test("without a built app a page says how to build it, and files are missing", async () => {
  const site = createSite(join(root, "nothing"));
  assert.equal(site.built, false);
  const page = await site.answer("GET", "/", new Headers(NAVIGATE));
  assert.equal(page.status, 503);
  assert.match(await page.text(), /npm run prepare/);
  await assert.rejects(site.answer("GET", "/a.js", new Headers()), { code: "NOT_FOUND" });
});
