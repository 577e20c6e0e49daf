import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { SCOPES } from "../protocol/api.ts";
import { createStore } from "../store/sqlite.ts";
import { createAuthChecks } from "./checks.ts";
import { createAuth } from "./create-auth.ts";
import { createSecret } from "./secrets.ts";

const root = mkdtempSync(join(tmpdir(), "isopod-auth-"));
after(() => rmSync(root, { recursive: true }));
const { signal } = new AbortController();
const HOME = "127.0.0.1";

test("the first start makes one owner and a key with all scopes in admin.key", async () => {
  const { auth, homeFolder, close } = await start("first");
  const key = readFileSync(auth.adminKeyFile, "utf8");
  assert.match(key, /^isk_[0-9a-z]{32}\n$/);
  assert.equal(auth.adminKeyFile, join(homeFolder, "admin.key"));
  const caller = await auth.identify({ authorization: `Bearer ${key.trim()}`, from: HOME });
  assert.equal(caller.person, auth.gateway.person);
  assert.deepEqual(caller.scopes, [...SCOPES]);
  assert.deepEqual(await auth.me(caller), {
    person: { id: caller.person, name: "owner" },
    scopes: [...SCOPES],
  });
  await close();
});

test("a restart keeps the owner, the admin key, other keys and devices", async () => {
  const first = await start("restart");
  const admin = readFileSync(first.auth.adminKeyFile, "utf8").trim();
  const { key } = await first.auth.createKey(first.auth.gateway, { name: "ci", scopes: ["chat"] });
  const { code } = await first.auth.createPairingCode(first.auth.gateway);
  const { cookie, proof, device } = await first.auth.pair({ code, device: "phone", from: HOME });
  await first.close();
  const { auth, close } = await start("restart");
  assert.equal(auth.gateway.person, first.auth.gateway.person);
  assert.equal(readFileSync(auth.adminKeyFile, "utf8").trim(), admin);
  await auth.identify({ authorization: `bearer ${admin}`, from: HOME });
  const program = await auth.identify({ authorization: `Bearer ${key}`, from: HOME });
  assert.deepEqual(program.scopes, ["chat"]);
  const browser = await auth.identify({ cookie, deviceProof: proof, from: HOME });
  assert.equal((await auth.me(browser)).device, device.id);
  assert.deepEqual(
    (await auth.devices(auth.gateway.person)).map(({ id, name }) => ({ id, name })),
    [{ id: device.id, name: "phone" }],
  );
  assert.deepEqual(
    (await auth.keys(auth.gateway.person)).map(({ name }) => name),
    ["admin.key", "ci"],
  );
  await close();
});

test("a lost admin.key is made anew and the old key is revoked", async () => {
  const first = await start("lost");
  const old = readFileSync(first.auth.adminKeyFile, "utf8").trim();
  await first.close();
  rmSync(first.auth.adminKeyFile);
  const { auth, close } = await start("lost");
  const fresh = readFileSync(auth.adminKeyFile, "utf8").trim();
  assert.notEqual(fresh, old);
  await auth.identify({ authorization: `Bearer ${fresh}`, from: HOME });
  await assert.rejects(auth.identify({ authorization: `Bearer ${old}`, from: HOME }), {
    code: "AUTH_REFUSED",
  });
  assert.equal((await auth.keys(auth.gateway.person)).length, 1);
  await close();
});

test("an admin.key from before the store was lost stays valid", async () => {
  const first = await start("store-lost");
  const key = readFileSync(first.auth.adminKeyFile, "utf8").trim();
  await first.close();
  rmSync(join(first.homeFolder, "isopod.db"));
  const { auth, close } = await start("store-lost");
  assert.equal(readFileSync(auth.adminKeyFile, "utf8").trim(), key);
  await auth.identify({ authorization: `Bearer ${key}`, from: HOME });
  await close();
});

test("an admin.key that holds no key is ADMIN_KEY_UNREADABLE, and is not overwritten", async () => {
  const first = await start("garbled");
  await first.close();
  writeFileSync(first.auth.adminKeyFile, "my notes\n");
  await assert.rejects(start("garbled"), { code: "ADMIN_KEY_UNREADABLE" });
  assert.equal(readFileSync(first.auth.adminKeyFile, "utf8"), "my notes\n");
});

test("the environment's token is the owner with all scopes", async () => {
  const { auth, close } = await start("token", "a token of the environment");
  const caller = await auth.identify({
    authorization: "Bearer a token of the environment",
    from: HOME,
  });
  assert.deepEqual(caller, {
    person: auth.gateway.person,
    credential: "environment",
    scopes: SCOPES,
  });
  await close();
});

test("a code can be typed in small letters, without the dash, and with look-alikes", async () => {
  const { auth, close } = await start("typed");
  const { code } = await auth.createPairingCode(auth.gateway);
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const typed = ` ${code.replace("-", " ").toLowerCase().replaceAll("0", "o").replaceAll("1", "l")} `;
  await auth.pair({ code: typed, device: "phone", from: HOME });
  await close();
});

test("a second person is added, paired with a code made for them, and is who they are", async () => {
  const { auth, close } = await start("second");
  const ann = await auth.addPerson(auth.gateway, "Ann");
  const { code } = await auth.createPairingCode(auth.gateway, { person: ann.id, scopes: ["read"] });
  const { cookie, proof, person } = await auth.pair({ code, device: "tablet", from: HOME });
  assert.deepEqual(person, ann);
  const caller = await auth.identify({ cookie, deviceProof: proof, from: HOME });
  assert.equal(caller.person, ann.id);
  assert.deepEqual(caller.scopes, ["read"]);
  await assert.rejects(auth.createPairingCode(auth.gateway, { person: "nobody" }), {
    code: "NOT_FOUND",
  });
  await close();
});

test("the checks find an admin key that others may read and mend it, and a weak token", async () => {
  const { homeFolder, auth, close } = await start("checked");
  await close();
  const [adminKey, token] = createAuthChecks({ homeFolder, environmentToken: "short" });
  assert.ok(adminKey?.fix && token);
  assert.equal((await adminKey.run(signal)).state, "ok");
  chmodSync(auth.adminKeyFile, 0o644);
  const exposed = await adminKey.run(signal);
  assert.equal(exposed.state !== "ok" && exposed.fault.code, "ADMIN_KEY_EXPOSED");
  await adminKey.fix(signal);
  assert.equal(statSync(auth.adminKeyFile).mode & 0o777, 0o600);
  assert.equal((await adminKey.run(signal)).state, "ok");
  const weak = await token.run(signal);
  assert.equal(weak.state !== "ok" && weak.fault.code, "AUTH_TOKEN_WEAK");
  writeFileSync(auth.adminKeyFile, createSecret("isd"));
  const garbled = await adminKey.run(signal);
  assert.equal(garbled.state !== "ok" && garbled.fault.code, "ADMIN_KEY_UNREADABLE");
  for (const check of createAuthChecks({ homeFolder: join(root, "never-started") })) {
    assert.equal((await check.run(signal)).state, "ok");
  }
});

async function start(name: string, environmentToken?: string) {
  const homeFolder = join(root, name);
  const store = await createStore({ folder: homeFolder, clock });
  try {
    const auth = await createAuth({ records: store.auth, clock, homeFolder, environmentToken });
    return { auth, homeFolder, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}
