import type { AuthRecords, Credential } from "../auth/records.ts";
import type { Clock } from "../base/clock.ts";
import type { Database } from "./database.ts";
import { toScopes } from "./rows.ts";
import type { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

/** Last uses are for people's eyes: a sync of the disk for each request would be waste. */
const TOUCH_DELAY_MS = 60_000;

export type SqliteAuthRecords = AuthRecords & {
  /** Writes the last uses that wait, and no more after it. */
  close(): Promise<void>;
};

export function createAuthRecords(
  { statements }: Database,
  writer: Writer,
  clock: Clock,
): SqliteAuthRecords {
  const touched = new Map<string, number>();
  const closing = new AbortController();

  async function writeTouches(): Promise<void> {
    const due = [...touched];
    touched.clear();
    if (due.length === 0) return;
    await writer.write(() => {
      for (const [id, at] of due) statements.touchCredential.run({ id, at });
    });
  }

  const toCredential = ({ scopes, proofHash, lastUsedAt, ...row }: Tables["credentials"]) => {
    const at = touched.get(row.id) ?? lastUsedAt;
    const credential: Credential = { ...row, scopes: toScopes(scopes, row.id) };
    if (proofHash !== null) credential.proofHash = proofHash;
    if (at !== null) credential.lastUsedAt = at;
    return credential;
  };

  return {
    async addPerson(person) {
      await writer.write(() => statements.addPerson.run(person));
    },
    person: async (id) => statements.person.get({ id }),
    people: async () => statements.people.all({}),

    async addCredential({ proofHash = null, lastUsedAt = null, scopes, ...row }) {
      const json = JSON.stringify(scopes);
      await writer.write(() =>
        statements.addCredential.run({ ...row, scopes: json, proofHash, lastUsedAt }),
      );
    },
    async credentialByHash(hash) {
      const row = statements.credentialByHash.get({ hash });
      return row && toCredential(row);
    },
    credentials: async (person) => statements.credentialsOf.all({ person }).map(toCredential),
    revokeCredential: (person, id) =>
      writer.write(() => statements.revokeCredential.run({ person, id }) > 0),

    touchCredential(id, at) {
      const first = touched.size === 0;
      touched.set(id, at);
      if (!first) return;
      clock.sleep(TOUCH_DELAY_MS, closing.signal).then(writeTouches).catch(forgetTouches);
    },

    async addPairingCode({ scopes, ...code }, now) {
      await writer.write(() => {
        statements.dropPairingCodes.run({ before: now });
        statements.addPairingCode.run({ ...code, scopes: JSON.stringify(scopes) });
      });
    },
    async takePairingCode(hash) {
      const row = await writer.write(() => statements.takePairingCode.get({ hash }));
      return row && { ...row, scopes: toScopes(row.scopes, "of a pairing code") };
    },

    async close() {
      closing.abort();
      await writeTouches().catch(forgetTouches);
    },
  };
}

/** The sleep was ended by `close`, which writes them itself; or the disk is full, and they matter least. */
function forgetTouches(): void {}
