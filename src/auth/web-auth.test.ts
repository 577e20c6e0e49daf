import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { createStore } from "../store/sqlite.ts";
import { readDeviceCookie, writeDeviceCookie } from "./cookie.ts";
import { createAuth } from "./create-auth.ts";
import { createSecret } from "./secrets.ts";
import { createWebAuth } from "./web-auth.ts";

const root = mkdtempSync(join(tmpdir(), "isopod-auth-"));
after(() => rmSync(root, { recursive: true }));
const HOME = "127.0.0.1";

test("a browser pairs, and its cookie and proof are the device from then on", async () => {
  const { web, close } = await start("pairs");
  const { code, url } = await web.createPairingCode(web.gateway);
  assert.ok(!url.includes(code), "no code in an address");
  const { response, cookie } = await web.pair({ code, device: "Kim's phone" }, HOME);
  assert.equal(response.person, "owner");
  const headers = requestHeaders(cookie, response.proof);
  assert.equal((await web.identify(headers, HOME)).credential, response.device);
  await close();
});

test("security: no script reads the cookie, no other site sends it, and over TLS only TLS carries it", () => {
  const value = createSecret("isd");
  assert.equal(
    writeDeviceCookie(value, { port: 18789, isSecure: false }),
    `isopod-18789=${value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict`,
  );
  assert.match(writeDeviceCookie(value, { port: 1, isSecure: true }), /; Secure$/);
});

test("security: the cookie of a gateway on another port opens nothing here", async () => {
  const { web, close } = await start("ports");
  const { code } = await web.createPairingCode(web.gateway);
  const { response, cookie } = await web.pair({ code, device: "phone" }, HOME);
  const other = cookie.replace("isopod-18789=", "isopod-18790=");
  await assert.rejects(web.identify(requestHeaders(other, response.proof), HOME), {
    code: "AUTH_MISSING",
  });
  await close();
});

test("security: a page on another port cannot shadow the cookie with one of a longer path", () => {
  const [ours, theirs] = [createSecret("isd"), createSecret("isd")];
  const header = `isopod-1=${theirs}; isopod-1=${ours}; isopod-1=; x=isopod-1=${theirs}`;
  assert.equal(readDeviceCookie(header, 1), ours);
  assert.equal(readDeviceCookie("isopod-1=garbage", 1), undefined);
  assert.equal(readDeviceCookie(null, 1), undefined);
});

function requestHeaders(setCookie: string, proof: string): Headers {
  return new Headers({ cookie: setCookie.split(";")[0] ?? "", "x-isopod-device": proof });
}

async function start(name: string) {
  const homeFolder = join(root, name);
  const store = await createStore({ folder: homeFolder, clock });
  const auth = await createAuth({ records: store.auth, clock, homeFolder });
  const web = createWebAuth(auth, () => new URL("http://127.0.0.1:18789"));
  return { web, close: () => store.close() };
}
