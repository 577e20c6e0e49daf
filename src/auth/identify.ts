import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { SCOPES } from "../protocol/api.ts";
import type { Caller } from "../protocol/route.ts";
import type { Auth, Shown } from "./auth.ts";
import { createLockout, CREDENTIAL_POLICY, toSource, type Lockout } from "./lockout.ts";
import type { AuthRecords, Credential, Person } from "./records.ts";
import { meet, ROLE_SCOPES } from "./scopes.ts";
import { hashSecret, isSameHash, isSecret } from "./secrets.ts";

type IdentifyDeps = {
  records: AuthRecords;
  clock: Clock;
  owner: Person;
  environmentToken: string | undefined;
};

/** The longest header value that is looked at: hashing a megabyte for a stranger is work for nothing. */
const MAX_SECRET_LENGTH = 1_024;

export function createIdentify(deps: IdentifyDeps): Auth["identify"] {
  const { records, clock, owner, environmentToken } = deps;
  const tokenHash = environmentToken === undefined ? undefined : hashSecret(environmentToken);
  const bearers = createLockout(CREDENTIAL_POLICY, clock);
  const devices = createLockout(CREDENTIAL_POLICY, clock);

  async function accept(credential: Credential): Promise<Caller | undefined> {
    const person = await records.person(credential.person);
    if (!person) return undefined;
    records.touchCredential(credential.id, clock.now());
    const scopes = meet(credential.scopes, ROLE_SCOPES[person.role]);
    return { person: person.id, credential: credential.id, scopes };
  }

  async function findKey(secret: string): Promise<Caller | undefined> {
    if (!isSecret(secret, "isk")) return undefined;
    const found = await records.credentialByHash(hashSecret(secret));
    return found?.kind === "key" ? accept(found) : undefined;
  }

  async function findDevice(cookie: string, proof: string): Promise<Caller | undefined> {
    const found = await records.credentialByHash(hashSecret(cookie));
    if (found?.kind !== "device" || found.proofHash === undefined) return undefined;
    return isSameHash(found.proofHash, hashSecret(proof)) ? accept(found) : undefined;
  }

  return async ({ authorization, cookie, deviceProof, from }: Shown) => {
    const source = toSource(from);
    if (authorization !== undefined) {
      const secret = toBearer(authorization);
      // Before the lock, because a key cannot be guessed; `lockout.ts` has the reasons.
      const caller = await findKey(secret);
      if (caller) return caller;
      bearers.check(source);
      if (tokenHash !== undefined && isSameHash(tokenHash, hashSecret(secret))) {
        return { person: owner.id, credential: "environment", scopes: SCOPES };
      }
      return refuse(bearers, source);
    }
    // Half of the pair is no attempt: a page on another port makes the browser send the cookie alone.
    if (cookie === undefined || deviceProof === undefined) throw new Fault("AUTH_MISSING", {});
    const isShort = cookie.length + deviceProof.length <= MAX_SECRET_LENGTH;
    const caller = isShort ? await findDevice(cookie, deviceProof) : undefined;
    if (caller) return caller;
    devices.check(source);
    return refuse(devices, source);
  };
}

function refuse(lockout: Lockout, source: string): never {
  lockout.fail(source);
  throw new Fault("AUTH_REFUSED", {});
}

/** The secret of a bearer, or what no secret equals. */
function toBearer(authorization: string): string {
  if (authorization.length > MAX_SECRET_LENGTH) return "";
  return /^bearer +(.+)$/i.exec(authorization.trim())?.[1] ?? "";
}
