import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import { type Auth, requireScope } from "./auth.ts";
import { ALL_CODES_POLICY, CODE_POLICY, createLockout, toSource } from "./lockout.ts";
import type { AuthRecords, Person } from "./records.ts";
import { grant, meet, ROLE_SCOPES } from "./scopes.ts";
import { createCode, createSecret, hashSecret, toCode } from "./secrets.ts";

/** Time to walk to the other device and type eight letters. */
const CODE_LIFE_MS = 10 * 60_000;
/** The one source under which guesses at codes from everywhere are counted. */
const EVERYWHERE = "everywhere";

export function createPairing(deps: {
  records: AuthRecords;
  clock: Clock;
}): Pick<Auth, "createPairingCode" | "pair"> {
  const { records, clock } = deps;
  const perSource = createLockout(CODE_POLICY, clock);
  const overall = createLockout(ALL_CODES_POLICY, clock);

  /** Throws `PAIRING_REFUSED`. Each guess is counted before it is looked up, so that a burst gains nothing. */
  async function redeem(typed: string, source: string) {
    perSource.check(source);
    overall.check(EVERYWHERE);
    perSource.fail(source);
    overall.fail(EVERYWHERE);
    const code = await records.takePairingCode(hashSecret(toCode(typed)));
    const person = code && (await records.person(code.person));
    if (!code || !person || code.expiresAt <= clock.now()) throw new Fault("PAIRING_REFUSED", {});
    perSource.forgive(source);
    overall.forgive(EVERYWHERE);
    // What the role allows may have shrunk since.
    return { person, scopes: meet(code.scopes, ROLE_SCOPES[person.role]) };
  }

  return {
    async createPairingCode(by, options = {}) {
      requireScope(by, "admin");
      const person = await findPerson(records, options.person ?? by.person);
      const most = meet(by.scopes, ROLE_SCOPES[person.role]);
      const scopes = options.scopes ? grant(options.scopes, most) : most;
      const now = clock.now();
      const code = createCode();
      const expiresAt = now + CODE_LIFE_MS;
      const record = { hash: hashSecret(code), person: person.id, scopes, expiresAt };
      await records.addPairingCode(record, now);
      return { code, expiresAt };
    },

    async pair({ code, device, from }) {
      const { person, scopes } = await redeem(code, toSource(from));
      const cookie = createSecret("isd");
      const proof = createSecret("isp");
      const now = clock.now();
      const id = createId("dev", now);
      await records.addCredential({
        id,
        person: person.id,
        kind: "device",
        name: device,
        scopes,
        hash: hashSecret(cookie),
        proofHash: hashSecret(proof),
        createdAt: now,
        lastUsedAt: now,
      });
      return { person, device: { id, name: device }, cookie, proof };
    },
  };
}

async function findPerson(records: AuthRecords, id: string): Promise<Person> {
  const person = await records.person(id);
  if (!person) throw new Fault("NOT_FOUND", { what: "person", id });
  return person;
}
