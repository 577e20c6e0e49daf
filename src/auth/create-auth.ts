import { rm } from "node:fs/promises";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import { SCOPES } from "../protocol/api.ts";
import { adminKeyFile, readAdminKey, writeAdminKey } from "./admin-key.ts";
import { type Auth, requireScope } from "./auth.ts";
import { createIdentify } from "./identify.ts";
import { createPairing } from "./pairing.ts";
import type { AuthRecords, Credential, Person } from "./records.ts";
import { grant } from "./scopes.ts";
import { createSecret, hashSecret, isSameHash } from "./secrets.ts";
import { isWeakToken } from "./token.ts";

export type AuthDeps = {
  records: AuthRecords;
  clock: Clock;
  /** Where `admin.key` lies. */
  homeFolder: string;
  /** `ISOPOD_GATEWAY_TOKEN`: a bearer with all of the owner's scopes. Empty is as good as unset. */
  environmentToken?: string | undefined;
};

/** By its id's prefix the admin key is known, because names are people's to choose. */
const ADMIN_KEY_PREFIX = "adminkey";

/**
 * Makes the owner and `admin.key` where there are none. Throws `AUTH_TOKEN_WEAK`, `ADMIN_KEY_UNREADABLE` or
 * `ADMIN_KEY_UNWRITABLE`.
 */
export async function createAuth(deps: AuthDeps): Promise<Auth> {
  const { records, clock, homeFolder } = deps;
  const environmentToken = deps.environmentToken?.trim() || undefined;
  if (environmentToken !== undefined && isWeakToken(environmentToken)) {
    throw new Fault("AUTH_TOKEN_WEAK", {});
  }
  const file = adminKeyFile(homeFolder);
  const owner = await ensureOwner(records, clock);
  const listeners = new Set<(credential: string) => void>();

  async function forget(person: string, id: string): Promise<boolean> {
    const isGone = await records.revokeCredential(person, id);
    if (isGone) for (const listener of listeners) listener(id);
    return isGone;
  }

  /** Accepts the key of the file; without a file makes one, and what was the admin key before is revoked. */
  async function ensureAdminKey(): Promise<void> {
    const known = await readAdminKey(file);
    const key = known ?? createSecret("isk");
    const hash = hashSecret(key);
    const own = await records.credentials(owner.id);
    for (const { id } of own.filter((old) => isAdminKey(old) && !isSameHash(old.hash, hash))) {
      await forget(owner.id, id);
    }
    if (!(await records.credentialByHash(hash))) {
      const now = clock.now();
      await records.addCredential({
        id: createId(ADMIN_KEY_PREFIX, now),
        person: owner.id,
        kind: "key",
        name: "admin.key",
        scopes: [...SCOPES],
        hash,
        createdAt: now,
      });
    }
    if (known === undefined) await writeAdminKey(file, key);
  }
  await ensureAdminKey();

  async function revoke(person: string, kind: Credential["kind"], id: string): Promise<void> {
    const credential = (await records.credentials(person)).find((one) => one.id === id);
    if (credential?.kind !== kind) throw new Fault("NOT_FOUND", { what: kind, id });
    if (!isAdminKey(credential)) return void (await forget(person, id));
    // The file goes first: a start that found a revoked key in it would accept it again.
    await rm(file, { force: true });
    await ensureAdminKey();
  }

  const identify = createIdentify({ records, clock, owner, environmentToken });
  return {
    identify,
    ...createPairing({ records, clock }),
    ...createLists(records, clock),

    revokeKey: (person, id) => revoke(person, "key", id),
    revokeDevice: (person, id) => revoke(person, "device", id),
    onRevoke(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    gateway: { person: owner.id, credential: "gateway", scopes: SCOPES },
    adminKeyFile: file,
  };
}

/** What people see of people, keys and devices. */
function createLists(
  records: AuthRecords,
  clock: Clock,
): Pick<Auth, "me" | "devices" | "keys" | "createKey" | "people" | "addPerson"> {
  const ofKind = async (person: string, kind: Credential["kind"]) =>
    (await records.credentials(person)).filter((credential) => credential.kind === kind);

  return {
    async me(caller) {
      const person = await records.person(caller.person);
      if (!person) throw new Fault("AUTH_REFUSED", {});
      const device = (await ofKind(caller.person, "device")).find(
        ({ id }) => id === caller.credential,
      );
      const scopes = [...caller.scopes];
      const me = { person: { id: person.id, name: person.name }, scopes };
      return device ? { ...me, device: device.id } : me;
    },
    async devices(person) {
      const devices = await ofKind(person, "device");
      return devices.map(({ id, name, createdAt, lastUsedAt }) => ({
        id,
        name,
        createdAt,
        lastSeenAt: lastUsedAt ?? createdAt,
      }));
    },
    keys: async (person) => (await ofKind(person, "key")).map(toKey),
    async createKey(caller, { name, scopes }) {
      const key = createSecret("isk");
      const now = clock.now();
      const credential: Credential = {
        id: createId("key", now),
        person: caller.person,
        kind: "key",
        name,
        scopes: grant(scopes, caller.scopes),
        hash: hashSecret(key),
        createdAt: now,
      };
      await records.addCredential(credential);
      return { ...toKey(credential), key };
    },

    async people(caller) {
      const people = await records.people();
      const self = people.find(({ id }) => id === caller.person);
      return people.filter((person) => self?.role === "owner" || person === self);
    },
    async addPerson(caller, name) {
      requireScope(caller, "admin");
      const now = clock.now();
      const person: Person = { id: createId("person", now), name, role: "member", createdAt: now };
      await records.addPerson(person);
      return person;
    },
  };
}

async function ensureOwner(records: AuthRecords, clock: Clock): Promise<Person> {
  const found = (await records.people()).find(({ role }) => role === "owner");
  if (found) return found;
  const now = clock.now();
  const owner: Person = {
    id: createId("person", now),
    name: "owner",
    role: "owner",
    createdAt: now,
  };
  await records.addPerson(owner);
  return owner;
}

const isAdminKey = ({ id }: Credential) => id.startsWith(`${ADMIN_KEY_PREFIX}_`);

const toKey = ({ id, name, scopes, createdAt, lastUsedAt }: Credential) => ({
  id,
  name,
  scopes,
  createdAt,
  ...(lastUsedAt !== undefined && { lastUsedAt }),
});
