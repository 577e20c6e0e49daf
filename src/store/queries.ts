/**
 * Every query of the store, written with kysely and checked against `tables.ts`.
 *
 * They are compiled ahead of time into `statements.ts` (`node scripts/compile-queries.ts`), because loading
 * kysely costs a start 150 to 300 ms and 25 MB: the gateway imports this file for its types only. Another
 * database is served by compiling the same queries with its compiler.
 */

import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";

import {
  CREDENTIAL,
  DOCUMENT_FOLDER,
  MESSAGE,
  PERSON,
  RESPONSE,
  SCORECARD,
  SESSION,
  TURN,
} from "./columns.ts";
import { pick, query, type Db, type Row } from "./query.ts";
import { spendingQueries, usageQueries } from "./spending-queries.ts";
import type { Tables } from "./tables.ts";

export type Queries = ReturnType<typeof compileQueries>;

export function compileQueries() {
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  return {
    ...authQueries(db),
    ...sessionQueries(db),
    ...historyQueries(db),
    ...turnQueries(db),
    ...journalQueries(db),
    ...usageQueries(db),
    ...spendingQueries(db),
    ...responseQueries(db),
    ...documentQueries(db),
    ...smallQueries(db),
  };
}

const authQueries = (db: Db) => ({
  addPerson: query((p: Row<"people">) => db.insertInto("people").values(pick(p, PERSON))),
  person: query((p: { id: string }) =>
    db.selectFrom("people").select(PERSON).where("id", "=", p.id),
  ),
  people: query(() => db.selectFrom("people").select(PERSON).orderBy("createdAt").orderBy("id")),
  addCredential: query((p: Row<"credentials">) =>
    db.insertInto("credentials").values(pick(p, CREDENTIAL)),
  ),
  credentialByHash: query((p: { hash: string }) =>
    db.selectFrom("credentials").select(CREDENTIAL).where("hash", "=", p.hash),
  ),
  credentialsOf: query((p: { person: string }) =>
    db
      .selectFrom("credentials")
      .select(CREDENTIAL)
      .where("person", "=", p.person)
      .orderBy("createdAt")
      .orderBy("id"),
  ),
  revokeCredential: query((p: { person: string; id: string }) =>
    db.deleteFrom("credentials").where("id", "=", p.id).where("person", "=", p.person),
  ),
  touchCredential: query((p: { id: string; at: number }) =>
    db.updateTable("credentials").set({ lastUsedAt: p.at }).where("id", "=", p.id),
  ),
  addPairingCode: query((p: Row<"pairingCodes">) =>
    db.insertInto("pairingCodes").values(pick(p, ["hash", "person", "scopes", "expiresAt"])),
  ),
  takePairingCode: query((p: { hash: string }) =>
    db
      .deleteFrom("pairingCodes")
      .where("hash", "=", p.hash)
      .returning(["person", "scopes", "expiresAt"]),
  ),
  dropPairingCodes: query((p: { before: number }) =>
    db.deleteFrom("pairingCodes").where("expiresAt", "<", p.before),
  ),
});

const sessionQueries = (db: Db) => ({
  addSession: query((p: Row<"sessions">) => db.insertInto("sessions").values(pick(p, SESSION))),
  session: query((p: { owner: string; id: string }) =>
    db.selectFrom("sessions").select(SESSION).where("id", "=", p.id).where("owner", "=", p.owner),
  ),
  sessions: query((p: { owner: string; limit: number }) =>
    db
      .selectFrom("sessions")
      .select(SESSION)
      .where("owner", "=", p.owner)
      .orderBy("updatedAt", "desc")
      .orderBy("id", "desc")
      .limit(p.limit),
  ),
  touchSession: query((p: { owner: string; id: string; updatedAt: number }) =>
    db
      .updateTable("sessions")
      .set({ updatedAt: p.updatedAt })
      .where("id", "=", p.id)
      .where("owner", "=", p.owner),
  ),
  setSessionTitle: query((p: { id: string; title: string }) =>
    db.updateTable("sessions").set({ title: p.title }).where("id", "=", p.id),
  ),
  setSessionModel: query((p: { id: string; model: string | null }) =>
    db.updateTable("sessions").set({ model: p.model }).where("id", "=", p.id),
  ),
  deleteMessages: query((p: { session: string }) =>
    db.deleteFrom("messages").where("session", "=", p.session),
  ),
  deleteSession: query((p: { owner: string; id: string }) =>
    db.deleteFrom("sessions").where("id", "=", p.id).where("owner", "=", p.owner),
  ),
});

const historyQueries = (db: Db) => ({
  messages: query((p: { session: string }) =>
    db.selectFrom("messages").select(MESSAGE).where("session", "=", p.session).orderBy("seq"),
  ),
  // `octet_length` reads the headers of rows alone, where `length` would read every image.
  message: query((p: { session: string; id: string }) =>
    db
      .selectFrom("messages")
      .select(MESSAGE)
      .where("id", "=", p.id)
      .where("session", "=", p.session),
  ),
  messagesSize: query((p: { session: string }) =>
    db
      .selectFrom("messages")
      .select(sql<number>`coalesce(sum(octet_length(message)), 0)`.as("sizeBytes"))
      .where("session", "=", p.session),
  ),
  // From the turn's first message on: one of a later turn may have come in while this one ran.
  messagesFrom: query((p: { session: string; from: string }) =>
    db
      .selectFrom("messages")
      .select(MESSAGE)
      .where("session", "=", p.session)
      .where(
        sql<boolean>`seq >= coalesce((select min(seq) from messages where session = ${p.session} and turn = (select turn from messages where id = ${p.from})), 0)`,
      )
      .orderBy("seq"),
  ),
  addMessage: query((p: Row<"messages">) => db.insertInto("messages").values(pick(p, MESSAGE))),
  epoch: query((p: { session: string }) =>
    db
      .selectFrom("epochs")
      .selectAll()
      .where("session", "=", p.session)
      .orderBy("number", "desc")
      .limit(sql.lit(1)),
  ),
  epochs: query((p: { session: string }) =>
    db.selectFrom("epochs").selectAll().where("session", "=", p.session).orderBy("number"),
  ),
  addEpoch: query((p: Row<"epochs">) =>
    db
      .insertInto("epochs")
      .values(
        pick(p, [
          "session",
          "number",
          "why",
          "model",
          "system",
          "toolsJson",
          "preface",
          "firstMessage",
          "startedAt",
        ]),
      ),
  ),
});

const responseQueries = (db: Db) => ({
  addResponse: query((p: Tables["responses"]) =>
    db.insertInto("responses").values(pick(p, [...RESPONSE, "sizeBytes"])),
  ),
  response: query((p: { owner: string; id: string }) =>
    db.selectFrom("responses").select(RESPONSE).where("id", "=", p.id).where("owner", "=", p.owner),
  ),
  touchResponse: query((p: { owner: string; id: string; usedAt: number }) =>
    db
      .updateTable("responses")
      .set({ usedAt: p.usedAt })
      .where("id", "=", p.id)
      .where("owner", "=", p.owner),
  ),
  deleteResponse: query((p: { owner: string; id: string }) =>
    db.deleteFrom("responses").where("id", "=", p.id).where("owner", "=", p.owner),
  ),
  dropUnusedResponses: query((p: { before: number }) =>
    db.deleteFrom("responses").where("usedAt", "<", p.before),
  ),
  // The newest first, and their sizes added up: what stands beyond the limit goes.
  dropExcessResponses: query((p: { owner: string; maxBytes: number }) =>
    db
      .deleteFrom("responses")
      .where(
        sql<boolean>`id in (select id from (select id, sum(sizeBytes) over (order by usedAt desc, rowid desc) as bytes from responses where owner = ${p.owner}) where bytes > ${p.maxBytes})`,
      ),
  ),
});

const turnQueries = (db: Db) => ({
  addTurn: query((p: Row<"turns">) =>
    db.insertInto("turns").values(pick(p, [...TURN, "message", "key"])),
  ),
  addTurnNote: query((p: { id: string; note: string }) =>
    db
      .updateTable("turns")
      .set({ notes: sql`json_insert(coalesce(notes, '[]'), '$[#]', json(${p.note}))` })
      .where("id", "=", p.id),
  ),
  turnByKey: query((p: { session: string; key: string }) =>
    db
      .selectFrom("turns")
      .select(["id", "message"])
      .where("session", "=", p.session)
      .where("key", "=", p.key),
  ),
  setTurnState: query((p: Pick<Tables["turns"], "id" | "state" | "endedAt" | "fault">) =>
    db
      .updateTable("turns")
      .set({ state: p.state, endedAt: p.endedAt, fault: p.fault })
      .where("id", "=", p.id),
  ),
  turn: query((p: { id: string }) => db.selectFrom("turns").select(TURN).where("id", "=", p.id)),
  turns: query((p: { session: string }) =>
    db.selectFrom("turns").select(TURN).where("session", "=", p.session).orderBy("seq"),
  ),
  unfinishedTurns: query(() =>
    db
      .selectFrom("turns")
      .select(TURN)
      // Literals, because a partial index serves only the very words it was made with.
      .where("state", "in", [sql.lit("queued" as const), sql.lit("running" as const)])
      .orderBy("seq"),
  ),
});

const journalQueries = (db: Db) => ({
  startCall: query((p: Omit<Row<"journal">, "finishedAt" | "ok">) =>
    db
      .insertInto("journal")
      .values(
        pick(p, ["call", "turn", "tool", "argumentsHash", "before", "approvedBy", "startedAt"]),
      )
      .onConflict((conflict) => conflict.column("call").doNothing()),
  ),
  finishCall: query((p: { call: string; ok: number; at: number }) =>
    db.updateTable("journal").set({ ok: p.ok, finishedAt: p.at }).where("call", "=", p.call),
  ),
  call: query((p: { call: string }) =>
    db.selectFrom("journal").selectAll().where("call", "=", p.call),
  ),
});

const documentQueries = (db: Db) => ({
  addDocumentFolder: query((p: Row<"documentFolders">) =>
    db.insertInto("documentFolders").values(pick(p, DOCUMENT_FOLDER)),
  ),
  documentFolders: query((p: { owner: string }) =>
    db
      .selectFrom("documentFolders")
      .select(DOCUMENT_FOLDER)
      .where("owner", "=", p.owner)
      .orderBy("name"),
  ),
  deleteDocumentFolder: query((p: { owner: string; id: string }) =>
    db.deleteFrom("documentFolders").where("owner", "=", p.owner).where("id", "=", p.id),
  ),
});

const smallQueries = (db: Db) => ({
  addMemory: query((p: Row<"memories">) =>
    db.insertInto("memories").values(pick(p, ["id", "person", "text", "at"])),
  ),
  memories: query((p: { person: string }) =>
    db
      .selectFrom("memories")
      .select(["id", "text", "at"])
      .where("person", "=", p.person)
      .orderBy("seq"),
  ),
  scorecards: query(() =>
    db.selectFrom("scorecards").select(SCORECARD).orderBy("server").orderBy("digest"),
  ),
  putScorecard: query((p: Row<"scorecards">) =>
    db
      .insertInto("scorecards")
      .values(pick(p, SCORECARD))
      .onConflict((conflict) =>
        conflict.columns(["server", "digest"]).doUpdateSet((eb) => ({
          measuredAt: eb.ref("excluded.measuredAt"),
          card: eb.ref("excluded.card"),
        })),
      ),
  ),
  value: query((p: { key: string }) =>
    db.selectFrom("values").select("value").where("key", "=", p.key),
  ),
  setValue: query((p: { key: string; value: string }) =>
    db
      .insertInto("values")
      .values(pick(p, ["key", "value"]))
      .onConflict((conflict) =>
        conflict.column("key").doUpdateSet({ value: (eb) => eb.ref("excluded.value") }),
      ),
  ),
});
