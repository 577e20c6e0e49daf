import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { join } from "node:path";
import { test } from "node:test";

import { createFakeClock } from "../../test/fakes/clock.ts";
import { createShareStage } from "../../test/fakes/share-stage.ts";
import { createShareChecks } from "./checks.ts";
import { createDevices } from "./devices.ts";
import { createLimits } from "./limits.ts";
import { parseShareLink, writeShareLink } from "./link.ts";
import { chooseAddress } from "./share.ts";

const CHAT = { model: "qwen3:8b", messages: [{ role: "user", content: "hi" }] };

test("a stream is passed on as it comes, and the place of a device is free again after it", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.setHeader("content-type", "application/x-ndjson");
    response.write('{"a":1}\n');
    void seen.then(() => response.end('{"b":2}\n')); // not before the first line has arrived
    return true;
  };
  const reply = await stage.ask("POST", "/api/chat", {
    token,
    body: CHAT,
    onData: () => resolve(),
  });
  assert.equal(reply.text, '{"a":1}\n{"b":2}\n');
  assert.equal(reply.headers["content-type"], "application/x-ndjson");
  assert.equal(stage.share.status().devices[0]?.running, 0);
});

test("an answer that the server cuts is cut for the device, too, and stands in the audit as that", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.write("{}\n");
    setImmediate(() => response.destroy());
    return true;
  };
  await assert.rejects(stage.ask("POST", "/api/chat", { token, body: CHAT }));
  const lines = readFileSync(join(stage.home, "share.jsonl"), "utf8").trim().split("\n");
  const line = JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
  assert.deepEqual([line["path"], line["code"], line["name"]], ["/api/chat", "CUT", "laptop"]);
});

test("a device that hangs up ends the server's work", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.once("close", () => resolve());
    begin(); // and no byte of an answer: it still reads the prompt
    return true;
  };
  const socket = await stage.open();
  const body = JSON.stringify(CHAT);
  socket.write(
    `POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await begun;
  socket.destroy();
  await ended;
});

test("in mode device sharing rests, and goes on when a person widens the mode", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  stage.setMode("device");
  await stage.share.resume();
  assert.match(stage.share.status().problem ?? "", /mode device/);
  await assert.rejects(stage.ask("GET", "/api/tags", { token }), { code: /^ECONN/ });
  await assert.rejects(stage.share.start({ address: "127.0.0.1", port: 0 }), {
    code: "SHARE_MODE",
  });
  const [check] = createShareChecks({ ...stage.share, addresses: () => [] });
  assert.equal((await check?.run(new AbortController().signal))?.state, "failed");
  stage.setMode("private");
  await stage.share.resume();
  assert.equal(stage.share.status().problem, undefined);
  assert.equal((await stage.ask("GET", "/api/tags", { token })).status, 200);
});

test("security: a mode that is narrowed while sharing begins wins", async (t) => {
  const stage = await createShareStage(t);
  await Promise.all(
    (["private", "device", "private", "device"] as const).map((mode) => {
      stage.setMode(mode);
      return stage.share.resume();
    }),
  );
  assert.equal(stage.share.status().sharing, false);
});

test("doctor says so where the address that is shared on is gone", async () => {
  const url = "https://192.168.1.5:18790";
  const status = () => ({ sharing: true, url, pin: "", fingerprint: "", devices: [], audit: "" });
  const run = async (addresses: string[]) => {
    const [check] = createShareChecks({ status, addresses: () => addresses });
    return (await check?.run(new AbortController().signal))?.state;
  };
  assert.equal(await run(["192.168.1.5"]), "ok");
  assert.equal(await run(["10.0.0.2"]), "failed");
});

test("what was stopped does not begin again, and no code is made for it", async (t) => {
  const stage = await createShareStage(t);
  await stage.share.stop();
  await stage.share.resume();
  assert.equal(stage.share.status().sharing, false);
  assert.throws(() => stage.share.createCode(undefined), { code: "SHARE_OFF" });
});

test("security: TLS before 1.3 is not spoken", async (t) => {
  const stage = await createShareStage(t);
  const shake = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
    new Promise<string>((resolve) => {
      const options = {
        host: "127.0.0.1",
        port: stage.port,
        rejectUnauthorized: false,
        maxVersion,
      };
      const socket = connect(options, () => {
        resolve(socket.getProtocol() ?? "");
        socket.destroy();
      });
      socket.once("error", () => resolve("refused"));
    });
  assert.equal(await shake("TLSv1.2"), "refused");
  assert.equal(await shake("TLSv1.3"), "TLSv1.3");
});

test("chooseAddress() takes the only address of a local network, and asks where there are several", () => {
  assert.equal(chooseAddress(undefined, ["192.168.1.5", "fe80::1", "203.0.113.9"]), "192.168.1.5");
  assert.equal(chooseAddress(undefined, ["fd00::5"]), "fd00::5");
  assert.equal(chooseAddress("100.64.0.3", ["192.168.1.5", "100.64.0.3"]), "100.64.0.3");
  const code = { code: "SHARE_ADDRESS" };
  for (const own of [[], ["203.0.113.9"], ["192.168.1.5", "10.0.0.5"]]) {
    assert.throws(() => chooseAddress(undefined, own), code, own.join());
  }
});

test("security: chooseAddress() opens neither all networks at once nor an address of the internet", () => {
  const own = ["192.168.1.5", "203.0.113.9"];
  for (const wanted of ["0.0.0.0", "::", "203.0.113.9", "192.168.1.6", "box", "192.168.1.5/24"]) {
    assert.throws(() => chooseAddress(wanted, own), { code: "SHARE_ADDRESS" }, wanted);
  }
});

test("a link carries address, code and fingerprint, and what is none is refused", () => {
  const fingerprint = "7k2m-9qxd-0000-1111-2222-3333";
  const link = writeShareLink("https://192.168.1.5:18790", "7K2M-9QXD", fingerprint);
  const url = "https://192.168.1.5:18790";
  assert.deepEqual(parseShareLink(link), { url, code: "7K2M-9QXD", fingerprint });
  assert.deepEqual(parseShareLink(" https://box.local:1/ "), { url: "https://box.local:1" });
  for (const wrong of ["", "box", "http://box", "https://a:b@box", "https://box/x", `${link}x`]) {
    assert.throws(() => parseShareLink(wrong), { code: "SHARE_LINK_INVALID" }, wrong);
  }
});

test("a code is good for ten minutes", async () => {
  const clock = createFakeClock();
  const record = { get: async () => undefined, set: async () => {} };
  const devices = await createDevices(record, clock);
  const { code } = devices.createCode(["infer"]);
  await clock.advance(10 * 60_000);
  const pair = devices.pair({ code, name: "x", from: "10.0.0.2" });
  await assert.rejects(pair, { code: "SHARE_PAIRING_REFUSED" });
});

test("devices are kept over a restart, and revoked by a name that one alone has", async () => {
  let kept: string | undefined;
  const record = { get: async () => kept, set: async (text: string) => void (kept = text) };
  const clock = createFakeClock();
  const first = await createDevices(record, clock);
  const pair = async (name: string) =>
    first.pair({ code: first.createCode(["infer"]).code, name, from: "10.0.0.2" });
  const { token } = await pair("laptop");
  await pair("phone");
  await pair("phone");
  const again = await createDevices(record, clock);
  assert.equal(again.identify(`Bearer ${token}`, "10.0.0.2").name, "laptop");
  assert.ok(!kept?.includes(token));
  await assert.rejects(again.revoke("phone"), { code: "NOT_FOUND" });
  await again.revoke("laptop");
  assert.throws(() => again.identify(`Bearer ${token}`, "10.0.0.2"), { code: "SHARE_KEY_REFUSED" });
  assert.equal((await createDevices(record, clock)).list().length, 2);
});

test("security: one device takes neither all the places nor all the time", async () => {
  const clock = createFakeClock();
  const limits = createLimits(clock, { perDevice: 2, overall: 3, perMinute: 6 });
  const busy = { code: "RELAY_BUSY" };
  const leave = limits.enter("a");
  limits.enter("a");
  assert.throws(() => limits.enter("a"), busy);
  limits.enter("b");
  assert.throws(() => limits.enter("c"), busy, "all places are taken");
  leave();
  leave(); // twice is once
  assert.equal(limits.running("a"), 1);
  limits.enter("c")();
  for (let at = 0; at < 4; at++) limits.enter("a")();
  assert.throws(() => limits.enter("a"), busy, "its minute is used up");
  limits.enter("b")();
  await clock.advance(10_000);
  limits.enter("a")();
});
