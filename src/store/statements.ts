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
    sql: 'insert into "sessions" ("id", "owner", "title", "model", "private", "createdAt", "updatedAt") values (?, ?, ?, ?, ?, ?, ?)',
    params: ["id", "owner", "title", "model", "private", "createdAt", "updatedAt"],
  },
  session: {
    sql: 'select "id", "owner", "title", "model", "private", "createdAt", "updatedAt" from "sessions" where "id" = ? and "owner" = ?',
    params: ["id", "owner"],
  },
  sessions: {
    sql: 'select "id", "owner", "title", "model", "private", "createdAt", "updatedAt" from "sessions" where "owner" = ? order by "updatedAt" desc, "id" desc limit ?',
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
  message: {
    sql: 'select "id", "session", "turn", "at", "message" from "messages" where "id" = ? and "session" = ?',
    params: ["id", "session"],
  },
  messagesSize: {
    sql: 'select coalesce(sum(octet_length(message)), 0) as "sizeBytes" from "messages" where "session" = ?',
    params: ["session"],
  },
  messagesFrom: {
    sql: 'select "id", "session", "turn", "at", "message" from "messages" where "session" = ? and seq >= coalesce((select min(seq) from messages where session = ? and turn = (select turn from messages where id = ?)), 0) order by "seq"',
    params: ["session", "session", "from"],
  },
  addMessage: {
    sql: 'insert into "messages" ("id", "session", "turn", "at", "message") values (?, ?, ?, ?, ?)',
    params: ["id", "session", "turn", "at", "message"],
  },
  epoch: {
    sql: 'select * from "epochs" where "session" = ? order by "number" desc limit 1',
    params: ["session"],
  },
  epochs: {
    sql: 'select * from "epochs" where "session" = ? order by "number"',
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
  addTurn: {
    sql: 'insert into "turns" ("id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault", "notes", "message", "key") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "id",
      "session",
      "owner",
      "state",
      "attended",
      "createdAt",
      "endedAt",
      "fault",
      "notes",
      "message",
      "key",
    ],
  },
  addTurnNote: {
    sql: 'update "turns" set "notes" = json_insert(coalesce(notes, \'[]\'), \'$[#]\', json(?)) where "id" = ?',
    params: ["note", "id"],
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
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault", "notes" from "turns" where "id" = ?',
    params: ["id"],
  },
  turns: {
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault", "notes" from "turns" where "session" = ? order by "seq"',
    params: ["session"],
  },
  unfinishedTurns: {
    sql: 'select "id", "session", "owner", "state", "attended", "createdAt", "endedAt", "fault", "notes" from "turns" where "state" in (\'queued\', \'running\') order by "seq"',
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
  addUsage: {
    sql: 'insert into "usage" ("session", "turn", "model", "at", "inputTokens", "outputTokens", "cachedTokens", "contextTokens", "startedAt", "cacheWriteTokens", "promptTokens", "promptMs", "outputMs", "loadMs", "cost", "print", "locality") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    params: [
      "session",
      "turn",
      "model",
      "at",
      "inputTokens",
      "outputTokens",
      "cachedTokens",
      "contextTokens",
      "startedAt",
      "cacheWriteTokens",
      "promptTokens",
      "promptMs",
      "outputMs",
      "loadMs",
      "cost",
      "print",
      "locality",
    ],
  },
  usage: {
    sql: 'select "session", "turn", "model", "at", "inputTokens", "outputTokens", "cachedTokens", "contextTokens", "startedAt", "cacheWriteTokens", "promptTokens", "promptMs", "outputMs", "loadMs", "cost", "print", "locality" from "usage" where "session" = ? order by "seq"',
    params: ["session"],
  },
  requestsBeside: {
    sql: 'select count(*) as "requests" from "usage" where "model" = ? and "at" > ? and "startedAt" < ? and "session" != ?',
    params: ["model", "after", "before", "session"],
  },
  usageBySession: {
    sql: 'select "usage"."session", "sessions"."title", "usage"."model", coalesce(usage.locality, \'unknown\') as "locality", count(*) as "requests", sum(usage.inputTokens) as "inputTokens", sum(coalesce(usage.cachedTokens, 0)) as "cachedTokens", sum(iif(usage.cachedTokens is null, 0, usage.inputTokens)) as "cacheToldTokens", sum(usage.outputTokens) as "outputTokens", sum(iif(usage.promptMs > 0, coalesce(usage.promptTokens, 0), 0)) as "promptTokens", sum(iif(usage.promptTokens > 0, coalesce(usage.promptMs, 0), 0)) as "promptMs", sum(iif(usage.outputMs > 0, usage.outputTokens, 0)) as "timedOutputTokens", sum(coalesce(usage.outputMs, 0)) as "outputMs", sum(coalesce(usage.cost, 0)) as "cost", max(usage.inputTokens + usage.outputTokens) as "usedTokens", max(usage.contextTokens) as "contextTokens", max(usage.at) as "at" from "usage" inner join "sessions" on "sessions"."id" = "usage"."session" where "sessions"."owner" = ? and "usage"."at" >= ? group by "usage"."session", "usage"."model", "usage"."locality" order by "at"',
    params: ["person", "since"],
  },
  usageByTurn: {
    sql: 'select "usage"."session", "sessions"."title", "usage"."model", coalesce(usage.locality, \'unknown\') as "locality", count(*) as "requests", sum(usage.inputTokens) as "inputTokens", sum(coalesce(usage.cachedTokens, 0)) as "cachedTokens", sum(iif(usage.cachedTokens is null, 0, usage.inputTokens)) as "cacheToldTokens", sum(usage.outputTokens) as "outputTokens", sum(iif(usage.promptMs > 0, coalesce(usage.promptTokens, 0), 0)) as "promptTokens", sum(iif(usage.promptTokens > 0, coalesce(usage.promptMs, 0), 0)) as "promptMs", sum(iif(usage.outputMs > 0, usage.outputTokens, 0)) as "timedOutputTokens", sum(coalesce(usage.outputMs, 0)) as "outputMs", sum(coalesce(usage.cost, 0)) as "cost", max(usage.inputTokens + usage.outputTokens) as "usedTokens", max(usage.contextTokens) as "contextTokens", max(usage.at) as "at", "usage"."turn" from "usage" inner join "sessions" on "sessions"."id" = "usage"."session" where "sessions"."owner" = ? and "usage"."at" >= ? group by "usage"."session", "usage"."turn", "usage"."model", "usage"."locality" order by "at"',
    params: ["person", "since"],
  },
  addSpending: {
    sql: 'insert into "spending" ("person", "day", "model", "locality", "requests", "inputTokens", "cachedTokens", "cacheToldTokens", "outputTokens", "promptTokens", "promptMs", "timedOutputTokens", "outputMs", "cost") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict ("person", "day", "model", "locality") do update set "requests" = "spending"."requests" + "excluded"."requests", "inputTokens" = "spending"."inputTokens" + "excluded"."inputTokens", "cachedTokens" = "spending"."cachedTokens" + "excluded"."cachedTokens", "cacheToldTokens" = "spending"."cacheToldTokens" + "excluded"."cacheToldTokens", "outputTokens" = "spending"."outputTokens" + "excluded"."outputTokens", "promptTokens" = "spending"."promptTokens" + "excluded"."promptTokens", "promptMs" = "spending"."promptMs" + "excluded"."promptMs", "timedOutputTokens" = "spending"."timedOutputTokens" + "excluded"."timedOutputTokens", "outputMs" = "spending"."outputMs" + "excluded"."outputMs", "cost" = "spending"."cost" + "excluded"."cost"',
    params: [
      "person",
      "day",
      "model",
      "locality",
      "requests",
      "inputTokens",
      "cachedTokens",
      "cacheToldTokens",
      "outputTokens",
      "promptTokens",
      "promptMs",
      "timedOutputTokens",
      "outputMs",
      "cost",
    ],
  },
  spending: {
    sql: 'select "person", "day", "model", "locality", "requests", "inputTokens", "cachedTokens", "cacheToldTokens", "outputTokens", "promptTokens", "promptMs", "timedOutputTokens", "outputMs", "cost" from "spending" where "person" = ? and "day" >= ? order by "day", "model"',
    params: ["person", "since"],
  },
  spendingOfAll: {
    sql: 'select "person", "day", "model", "locality", "requests", "inputTokens", "cachedTokens", "cacheToldTokens", "outputTokens", "promptTokens", "promptMs", "timedOutputTokens", "outputMs", "cost" from "spending" where "day" >= ? order by "day", "model"',
    params: ["since"],
  },
  addResponse: {
    sql: 'insert into "responses" ("id", "owner", "previous", "createdAt", "usedAt", "input", "response", "sizeBytes") values (?, ?, ?, ?, ?, ?, ?, ?)',
    params: ["id", "owner", "previous", "createdAt", "usedAt", "input", "response", "sizeBytes"],
  },
  response: {
    sql: 'select "id", "owner", "previous", "createdAt", "usedAt", "input", "response" from "responses" where "id" = ? and "owner" = ?',
    params: ["id", "owner"],
  },
  touchResponse: {
    sql: 'update "responses" set "usedAt" = ? where "id" = ? and "owner" = ?',
    params: ["usedAt", "id", "owner"],
  },
  deleteResponse: {
    sql: 'delete from "responses" where "id" = ? and "owner" = ?',
    params: ["id", "owner"],
  },
  dropUnusedResponses: {
    sql: 'delete from "responses" where "usedAt" < ?',
    params: ["before"],
  },
  dropExcessResponses: {
    sql: 'delete from "responses" where id in (select id from (select id, sum(sizeBytes) over (order by usedAt desc, rowid desc) as bytes from responses where owner = ?) where bytes > ?)',
    params: ["owner", "maxBytes"],
  },
  addDocumentFolder: {
    sql: 'insert into "documentFolders" ("id", "owner", "name", "path", "private", "addedAt") values (?, ?, ?, ?, ?, ?)',
    params: ["id", "owner", "name", "path", "private", "addedAt"],
  },
  documentFolders: {
    sql: 'select "id", "owner", "name", "path", "private", "addedAt" from "documentFolders" where "owner" = ? order by "name"',
    params: ["owner"],
  },
  deleteDocumentFolder: {
    sql: 'delete from "documentFolders" where "owner" = ? and "id" = ?',
    params: ["owner", "id"],
  },
  addMemory: {
    sql: 'insert into "memories" ("id", "person", "text", "at") values (?, ?, ?, ?)',
    params: ["id", "person", "text", "at"],
  },
  memories: {
    sql: 'select "id", "text", "at" from "memories" where "person" = ? order by "seq"',
    params: ["person"],
  },
  scorecards: {
    sql: 'select "server", "digest", "measuredAt", "card" from "scorecards" order by "server", "digest"',
    params: [],
  },
  putScorecard: {
    sql: 'insert into "scorecards" ("server", "digest", "measuredAt", "card") values (?, ?, ?, ?) on conflict ("server", "digest") do update set "measuredAt" = "excluded"."measuredAt", "card" = "excluded"."card"',
    params: ["server", "digest", "measuredAt", "card"],
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
