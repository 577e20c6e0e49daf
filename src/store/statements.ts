/** Compiled from `queries.ts` by `node scripts/compile-queries.ts`: change it there. */
export const statements = {
  addPerson: {
    sql: 'insert into "people" ("id", "name", "role", "createdAt") values (?, ?, ?, ?)',
    params: ["id", "name", "role", "createdAt"],
  },
  person: {
    sql: 'select "id", "name", "role", "createdAt" from "people" where "id" = ?',
    params: ["id"],
  },
  people: {
    sql: 'select "id", "name", "role", "createdAt" from "people" order by "createdAt", "id"',
    params: [],
  },
  addCredential: {
    sql: 'insert into "credentials" ("id", "person", "kind", "name", "scopes", "hash", "proofHash", "createdAt", "lastUsedAt") values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "id",
      "person",
      "kind",
      "name",
      "scopes",
      "hash",
      "proofHash",
      "createdAt",
      "lastUsedAt",
    ],
  },
  credentialByHash: {
    sql: 'select "id", "person", "kind", "name", "scopes", "hash", "proofHash", "createdAt", "lastUsedAt" from "credentials" where "hash" = ?',
    params: ["hash"],
  },
  credentialsOf: {
    sql: 'select "id", "person", "kind", "name", "scopes", "hash", "proofHash", "createdAt", "lastUsedAt" from "credentials" where "person" = ? order by "createdAt", "id"',
    params: ["person"],
  },
  revokeCredential: {
    sql: 'delete from "credentials" where "id" = ? and "person" = ?',
    params: ["id", "person"],
  },
  touchCredential: {
    sql: 'update "credentials" set "lastUsedAt" = ? where "id" = ?',
    params: ["at", "id"],
  },
  addPairingCode: {
    sql: 'insert into "pairingCodes" ("hash", "person", "scopes", "expiresAt") values (?, ?, ?, ?)',
    params: ["hash", "person", "scopes", "expiresAt"],
  },
  takePairingCode: {
    sql: 'delete from "pairingCodes" where "hash" = ? returning "person", "scopes", "expiresAt"',
    params: ["hash"],
  },
  dropPairingCodes: {
    sql: 'delete from "pairingCodes" where "expiresAt" < ?',
    params: ["before"],
  },
  addSession: {
    sql: 'insert into "sessions" ("id", "owner", "title", "model", "createdAt", "updatedAt") values (?, ?, ?, ?, ?, ?)',
    params: ["id", "owner", "title", "model", "createdAt", "updatedAt"],
  },
  session: {
    sql: 'select "id", "owner", "title", "model", "createdAt", "updatedAt" from "sessions" where "id" = ? and "owner" = ?',
    params: ["id", "owner"],
  },
  sessions: {
    sql: 'select "id", "owner", "title", "model", "createdAt", "updatedAt" from "sessions" where "owner" = ? order by "updatedAt" desc, "id" desc limit ?',
    params: ["owner", "limit"],
  },
  touchSession: {
    sql: 'update "sessions" set "updatedAt" = ? where "id" = ? and "owner" = ?',
    params: ["updatedAt", "id", "owner"],
  },
  setSessionTitle: {
    sql: 'update "sessions" set "title" = ? where "id" = ?',
    params: ["title", "id"],
  },
  setSessionModel: {
    sql: 'update "sessions" set "model" = ? where "id" = ?',
    params: ["model", "id"],
  },
  deleteMessages: {
    sql: 'delete from "messages" where "session" = ?',
    params: ["session"],
  },
  deleteSession: {
    sql: 'delete from "sessions" where "id" = ? and "owner" = ?',
    params: ["id", "owner"],
  },
  messages: {
    sql: 'select "id", "session", "turn", "at", "message" from "messages" where "session" = ? order by "seq"',
    params: ["session"],
  },
  addMessage: {
    sql: 'insert into "messages" ("id", "session", "turn", "at", "message") values (?, ?, ?, ?, ?)',
    params: ["id", "session", "turn", "at", "message"],
  },
  epoch: {
    sql: 'select * from "epochs" where "session" = ? order by "number" desc limit 1',
    params: ["session"],
  },
  addEpoch: {
    sql: 'insert into "epochs" ("session", "number", "why", "model", "system", "toolsJson", "preface", "firstMessage", "startedAt") values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "session",
      "number",
      "why",
      "model",
      "system",
      "toolsJson",
      "preface",
      "firstMessage",
      "startedAt",
    ],
  },
  addUsage: {
    sql: 'insert into "usage" ("session", "turn", "model", "at", "inputTokens", "outputTokens", "cachedTokens", "contextTokens") values (?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "session",
      "turn",
      "model",
      "at",
      "inputTokens",
      "outputTokens",
      "cachedTokens",
      "contextTokens",
    ],
  },
  addTurn: {
    sql: 'insert into "turns" ("id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault", "message", "key") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "id",
      "session",
      "owner",
      "state",
      "attended",
      "createdAt",
      "endedAt",
      "fault",
      "message",
      "key",
    ],
  },
  turnByKey: {
    sql: 'select "id", "message" from "turns" where "session" = ? and "key" = ?',
    params: ["session", "key"],
  },
  setTurnState: {
    sql: 'update "turns" set "state" = ?, "endedAt" = ?, "fault" = ? where "id" = ?',
    params: ["state", "endedAt", "fault", "id"],
  },
  turn: {
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault" from "turns" where "id" = ?',
    params: ["id"],
  },
  turns: {
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault" from "turns" where "session" = ? order by "seq"',
    params: ["session"],
  },
  unfinishedTurns: {
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault" from "turns" where "state" in (\'queued\', \'running\') order by "seq"',
    params: [],
  },
  startCall: {
    sql: 'insert into "journal" ("call", "turn", "tool", "argumentsHash", "before", "approvedBy", "startedAt") values (?, ?, ?, ?, ?, ?, ?) on conflict ("call") do nothing',
    params: ["call", "turn", "tool", "argumentsHash", "before", "approvedBy", "startedAt"],
  },
  finishCall: {
    sql: 'update "journal" set "ok" = ?, "finishedAt" = ? where "call" = ?',
    params: ["ok", "at", "call"],
  },
  call: {
    sql: 'select * from "journal" where "call" = ?',
    params: ["call"],
  },
  addMemory: {
    sql: 'insert into "memories" ("id", "person", "text", "at") values (?, ?, ?, ?)',
    params: ["id", "person", "text", "at"],
  },
  memories: {
    sql: 'select "id", "text", "at" from "memories" where "person" = ? order by "seq"',
    params: ["person"],
  },
  value: {
    sql: 'select "value" from "values" where "key" = ?',
    params: ["key"],
  },
  setValue: {
    sql: 'insert into "values" ("key", "value") values (?, ?) on conflict ("key") do update set "value" = "excluded"."value"',
    params: ["key", "value"],
  },
};
