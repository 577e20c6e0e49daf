import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import fc from "fast-check";

import type { Clock } from "../base/clock.ts";
import { SCOPES, type Scope } from "../protocol/api.ts";
import type { Caller } from "../protocol/route.ts";
import { createStore } from "../store/sqlite.ts";
import { requireScope } from "./auth.ts";
import { createAuth } from "./create-auth.ts";
import { createSecret, hashSecret } from "./secrets.ts";

const root = mkdtempSync(join(tmpdir(), "isopod-auth-"));
after(() => rmSync(root, { recursive: true }));

const MINUTE_MS = 60_000;
const HOME = "127.0.0.1";

test("security: no secret stands in any file but the admin key in its own", async () => {
  const { auth, folder, close } = await start();
  const key = await auth.createKey(auth.gateway, { name: "laptop", scopes: ["chat"] });
  const { code } = await auth.createPairingCode(auth.gateway);
  const paired = await pair(auth);
  await auth.identify({ authorization: `Bearer ${key.key}`, from: HOME });
  const secrets = [key.key, code, paired.cookie, paired.proof, readAdmin(folder), TOKEN];
  const scan = () =>
    readdirSync(folder)
      .filter((name) => name !== "admin.key")
      .map((name) => readFileSync(join(folder, name)));
  assert.ok(
    scan().some((bytes) => bytes.includes(hashSecret(key.key))),
    "the control: its hash can be found",
  );
  for (const secret of secrets) {
    for (const bytes of scan()) assert.ok(!bytes.includes(secret.slice(4)));
  }
  await close();
  for (const secret of secrets) {
    for (const bytes of scan()) assert.ok(!bytes.includes(secret.slice(4)));
  }
});

test("security: a pairing code makes one device, however many try it at once", async () => {
  const { auth, close } = await start();
  const { code } = await auth.createPairingCode(auth.gateway);
  const tries = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((n) => auth.pair({ code, device: `d${n}`, from: HOME })),
  );
  const codes = tries.map((one) => (one.status === "fulfilled" ? "paired" : one.reason.code));
  assert.deepEqual(codes.toSorted(), [
    "PAIRING_REFUSED",
    "PAIRING_REFUSED",
    "PAIRING_REFUSED",
    "PAIRING_REFUSED",
    "paired",
  ]);
  await assert.rejects(auth.pair({ code, device: "late", from: HOME }), REFUSED_CODE);
  assert.equal((await auth.devices(auth.gateway.person)).length, 1);
  await close();
});

test("security: a pairing code ends after ten minutes", async () => {
  const { auth, clock, close } = await start();
  const { code, expiresAt } = await auth.createPairingCode(auth.gateway);
  clock.time = expiresAt;
  await assert.rejects(auth.pair({ code, device: "late", from: HOME }), REFUSED_CODE);
  await close();
});

test("security: cookie without proof, proof without cookie, and halves of two devices open nothing", async () => {
  const { auth, close } = await start();
  const one = await pair(auth);
  const other = await pair(auth);
  const whole = { cookie: one.cookie, deviceProof: one.proof, from: HOME };
  assert.equal((await auth.identify(whole)).credential, one.device.id);
  const missing = { code: "AUTH_MISSING" };
  await assert.rejects(auth.identify({ cookie: one.cookie, from: HOME }), missing);
  await assert.rejects(auth.identify({ deviceProof: one.proof, from: HOME }), missing);
  await assert.rejects(auth.identify({ from: HOME }), missing);
  await assert.rejects(auth.identify({ ...whole, deviceProof: other.proof }), REFUSED);
  await assert.rejects(auth.identify({ ...whole, deviceProof: "" }), REFUSED);
  await assert.rejects(auth.identify({ ...whole, cookie: one.proof }), REFUSED);
  await close();
});

test("security: each kind of secret opens only what it was made for", async () => {
  const { auth, folder, close } = await start();
  const { cookie, proof } = await pair(auth);
  const admin = readAdmin(folder);
  for (const bearer of [cookie, proof, hashSecret(admin), admin.slice(0, -1), `${admin}0`, ""]) {
    await assert.rejects(auth.identify({ authorization: `Bearer ${bearer}`, from: HOME }), REFUSED);
  }
  await assert.rejects(auth.identify({ cookie: admin, deviceProof: proof, from: HOME }), REFUSED);
  await assert.rejects(auth.identify({ authorization: `Basic ${admin}`, from: HOME }), REFUSED);
  await close();
});

test("security: a wrong bearer is refused even beside a right cookie", async () => {
  const { auth, close } = await start();
  const { cookie, proof } = await pair(auth);
  const authorization = `Bearer ${createSecret("isk")}`;
  await assert.rejects(
    auth.identify({ authorization, cookie, deviceProof: proof, from: HOME }),
    REFUSED,
  );
  await close();
});

test("security: what was revoked is refused from then on, and its streams hear of it", async () => {
  const { auth, close } = await start();
  const revoked: string[] = [];
  const stop = auth.onRevoke((id) => revoked.push(id));
  const { person } = auth.gateway;
  const key = await auth.createKey(auth.gateway, { name: "laptop", scopes: ["chat"] });
  const { cookie, proof, device } = await pair(auth);
  await assert.rejects(auth.revokeDevice(person, key.id), { code: "NOT_FOUND" });
  await auth.revokeKey(person, key.id);
  await auth.revokeDevice(person, device.id);
  assert.deepEqual(revoked, [key.id, device.id]);
  await assert.rejects(auth.identify({ authorization: `Bearer ${key.key}`, from: HOME }), REFUSED);
  await assert.rejects(auth.identify({ cookie, deviceProof: proof, from: HOME }), REFUSED);
  await assert.rejects(auth.revokeKey(person, key.id), { code: "NOT_FOUND" });
  stop();
  await close();
});

test("security: revoking the admin key makes a new one, and no restart revives the old", async () => {
  const first = await start();
  const old = readAdmin(first.folder);
  const [credential] = await first.auth.keys(first.auth.gateway.person);
  assert.ok(credential);
  await first.auth.revokeKey(first.auth.gateway.person, credential.id);
  const fresh = readAdmin(first.folder);
  assert.notEqual(fresh, old);
  await first.close();
  const second = await start({ folder: first.folder });
  await assert.rejects(
    second.auth.identify({ authorization: `Bearer ${old}`, from: HOME }),
    REFUSED,
  );
  await second.auth.identify({ authorization: `Bearer ${fresh}`, from: HOME });
  await second.close();
});

test("security: nothing is granted that its maker had not, whatever is asked for", async () => {
  const { auth, close } = await start();
  const { id: member } = await auth.addPerson(auth.gateway, "Ann");
  const subset = fc.subarray<Scope>([...SCOPES], { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(subset, subset, fc.boolean(), async (own, asked, forMember) => {
      const made = await auth.createKey(auth.gateway, { name: "own", scopes: own });
      const caller = await auth.identify({ authorization: `Bearer ${made.key}`, from: HOME });
      assert.deepEqual(new Set(caller.scopes), new Set(own));
      const key = await auth.createKey(caller, { name: "asked", scopes: asked }).catch(toCode);
      const mayHave = asked.every((scope) => own.includes(scope));
      if (mayHave) assert.ok(typeof key !== "string" && isWithin(key.scopes, own));
      else assert.equal(key, "AUTH_SCOPE");

      const options = forMember ? { person: member } : {};
      const code = await auth.createPairingCode(caller, options).catch(toCode);
      if (!own.includes("admin")) return assert.equal(code, "AUTH_SCOPE");
      assert.ok(typeof code !== "string");
      const device = await pairWith(auth, code.code);
      assert.ok(isWithin(device.scopes, own));
      assert.equal(device.person, forMember ? member : auth.gateway.person);
      assert.ok(!forMember || !device.scopes.includes("admin"));
      const most = forMember ? own.filter((scope) => scope !== "admin") : own;
      const wished = await auth
        .createPairingCode(caller, { ...options, scopes: asked })
        .catch(toCode);
      if (!isWithin(asked, most)) return assert.equal(wished, "AUTH_SCOPE");
      assert.ok(typeof wished !== "string");
      assert.deepEqual(new Set((await pairWith(auth, wished.code)).scopes), new Set(asked));
    }),
    { numRuns: 40 },
  );
  await close();
});

test("security: a member cannot see, revoke or add what is not theirs", async () => {
  const { auth, close } = await start();
  const ann = await auth.addPerson(auth.gateway, "Ann");
  const { code } = await auth.createPairingCode(auth.gateway, { person: ann.id });
  const member = await pairWith(auth, code);
  const owned = await auth.createKey(auth.gateway, { name: "owner's", scopes: ["chat"] });
  const paired = await pair(auth);
  assert.deepEqual(await auth.keys(member.person), []);
  assert.deepEqual((await auth.devices(member.person)).length, 1);
  assert.deepEqual(await auth.people(member), [ann]);
  assert.equal((await auth.people(auth.gateway)).length, 2);
  const missing = { code: "NOT_FOUND" };
  await assert.rejects(auth.revokeKey(member.person, owned.id), missing);
  await assert.rejects(auth.revokeDevice(member.person, paired.device.id), missing);
  await assert.rejects(auth.addPerson(member, "Mallory"), { code: "AUTH_SCOPE" });
  await assert.rejects(auth.createPairingCode(member), { code: "AUTH_SCOPE" });
  assert.throws(() => requireScope(member, "admin"), { code: "AUTH_SCOPE" });
  await auth.identify({ authorization: `Bearer ${owned.key}`, from: HOME });
  await close();
});

test("security: a thousand wrong keys lock their source, and a right key, device or token has its way in", async () => {
  const { auth, folder, clock, close } = await start();
  const device = await pair(auth);
  const seen = new Set<string>();
  for (let count = 0; count < 1_000; count++) {
    const wrong = count % 2 === 0 ? createSecret("isk") : `guess number ${count}`;
    seen.add(
      String(await auth.identify({ authorization: `Bearer ${wrong}`, from: HOME }).catch(toCode)),
    );
    seen.add(
      String(
        await auth
          .identify({ cookie: createSecret("isd"), deviceProof: createSecret("isp"), from: HOME })
          .catch(toCode),
      ),
    );
  }
  assert.deepEqual([...seen], ["AUTH_REFUSED", "AUTH_LOCKED"]);
  const token = { authorization: `Bearer ${TOKEN}`, from: HOME };
  // What a person chose could be guessed, so it is shut out with the guesses; what is random is not.
  await assert.rejects(auth.identify(token), { code: "AUTH_LOCKED" });
  await auth.identify({ authorization: `Bearer ${readAdmin(folder)}`, from: HOME });
  await auth.identify({ cookie: device.cookie, deviceProof: device.proof, from: HOME });
  await auth.identify({ ...token, from: "unix" });
  await auth.identify({ ...token, from: "192.168.1.7" });
  clock.time += 5 * MINUTE_MS;
  await auth.identify(token);
  await close();
});

test("security: guesses at a pairing code lock their source, a burst of them as well", async () => {
  const { auth, clock, close } = await start();
  const { code } = await auth.createPairingCode(auth.gateway);
  const guesses = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      auth.pair({ code: `0000-${1000 + n}`, device: "x", from: "::1" }).catch(toCode),
    ),
  );
  assert.equal(guesses.filter((guess) => guess === "PAIRING_REFUSED").length, 10);
  assert.equal(guesses.filter((guess) => guess === "AUTH_LOCKED").length, 190);
  // Else the guessing would go on behind the lock.
  await assert.rejects(auth.pair({ code, device: "x", from: "::1" }), { code: "AUTH_LOCKED" });
  await auth.pair({ code, device: "phone", from: "192.168.1.7" });
  clock.time += 5 * MINUTE_MS;
  const { code: next } = await auth.createPairingCode(auth.gateway);
  await auth.pair({ code: next, device: "x", from: "::1" });
  await close();
});

test("security: guesses from ever new addresses lock the codes for all", async () => {
  const { auth, clock, close } = await start();
  const { code } = await auth.createPairingCode(auth.gateway);
  const seen: unknown[] = [];
  for (let n = 0; n < 200; n++) {
    seen.push(
      await auth.pair({ code: "0000-0000", device: "x", from: `10.0.0.${n}` }).catch(toCode),
    );
  }
  assert.equal(seen.filter((guess) => guess === "PAIRING_REFUSED").length, 50);
  await assert.rejects(auth.pair({ code, device: "x", from: "10.1.1.1" }), { code: "AUTH_LOCKED" });
  clock.time += 10 * MINUTE_MS;
  const { code: next } = await auth.createPairingCode(auth.gateway);
  await auth.pair({ code: next, device: "x", from: "10.1.1.1" });
  await close();
});

test("security: the admin key's file is the owner's alone, and no link is followed to another", async () => {
  const umask = process.umask(0);
  const { folder, close } = await start();
  process.umask(umask);
  const file = join(folder, "admin.key");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes("draft")),
    [],
  );
  await close();
  const elsewhere = join(root, "elsewhere");
  writeFileSync(elsewhere, `${createSecret("isk")}\n`);
  rmSync(file);
  symlinkSync(elsewhere, file);
  await assert.rejects(start({ folder }), { code: "ADMIN_KEY_UNREADABLE" });
});

test("security: a token of the environment that is too short stops the start", async () => {
  await assert.rejects(start({ environmentToken: "fifteen letters" }), { code: "AUTH_TOKEN_WEAK" });
  const { auth, close } = await start({ environmentToken: " " });
  await assert.rejects(auth.identify({ authorization: "Bearer ", from: HOME }), REFUSED);
  await assert.rejects(auth.identify({ authorization: "Bearer  ", from: HOME }), REFUSED);
  await close();
});

const TOKEN = "a token that a person chose";
const REFUSED = { code: "AUTH_REFUSED" };
const REFUSED_CODE = { code: "PAIRING_REFUSED" };

type Started = Awaited<ReturnType<typeof start>>;

let count = 0;
async function start({
  folder = join(root, String(++count)),
  environmentToken = TOKEN,
}: { folder?: string; environmentToken?: string } = {}) {
  const clock = createClock();
  const store = await createStore({ folder, clock });
  try {
    const { auth: records } = store;
    const auth = await createAuth({ records, clock, homeFolder: folder, environmentToken });
    return { auth, folder, clock, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function createClock(): Clock & { time: number } {
  return {
    time: 1_000_000,
    now() {
      return this.time;
    },
    elapsedMs: () => 0,
    sleep: () => new Promise(() => {}),
  };
}

async function pair(auth: Started["auth"]) {
  const { code } = await auth.createPairingCode(auth.gateway);
  return auth.pair({ code, device: "phone", from: "unix" });
}

async function pairWith(auth: Started["auth"], code: string): Promise<Caller> {
  const { cookie, proof } = await auth.pair({ code, device: "phone", from: HOME });
  return auth.identify({ cookie, deviceProof: proof, from: HOME });
}

const readAdmin = (folder: string) => readFileSync(join(folder, "admin.key"), "utf8").trim();
const isWithin = (some: readonly Scope[], most: readonly Scope[]) =>
  some.every((scope) => most.includes(scope));
const toCode = (error: { code?: string }) => error.code ?? String(error);
