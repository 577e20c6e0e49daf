/**
 * What each version of the store's file adds, in order. A step that was released is never changed.
 *
 * Ownership and belonging are kept by foreign keys: a turn names a session *and* its owner, a message a
 * session *and* its turn, so that no mistake above can file something under the wrong one. People of
 * `sessions` and `memories` are not keys, because who may be one is auth's business.
 */
export type Migration = { version: number; sql: string };

const first = `
create table people (
  id text primary key,
  name text not null,
  role text not null check (role in ('owner', 'member')),
  createdAt integer not null
) strict;

create table credentials (
  id text primary key,
  person text not null references people (id) on delete cascade,
  kind text not null check (kind in ('key', 'device')),
  name text not null,
  scopes text not null,
  hash text not null unique,
  proofHash text,
  createdAt integer not null,
  lastUsedAt integer,
  check ((kind = 'device') = (proofHash is not null))
) strict;
create index credentialsOfPerson on credentials (person);

create table pairingCodes (
  hash text primary key,
  person text not null references people (id) on delete cascade,
  scopes text not null,
  expiresAt integer not null
) strict;

create table sessions (
  id text primary key,
  owner text not null,
  title text not null,
  model text,
  createdAt integer not null,
  updatedAt integer not null,
  unique (id, owner)
) strict;
create index sessionsOfOwner on sessions (owner, updatedAt);

create table turns (
  seq integer primary key,
  id text not null unique,
  session text not null,
  owner text not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'stopped')),
  attended integer not null check (attended in (0, 1)),
  createdAt integer not null,
  endedAt integer,
  fault text,
  message text not null,
  key text,
  unique (session, id),
  unique (session, key),
  foreign key (session, owner) references sessions (id, owner) on delete cascade
) strict;
create index turnsOfSession on turns (session, seq);
create index unfinishedTurns on turns (seq) where state in ('queued', 'running');

create table messages (
  seq integer primary key,
  id text not null unique,
  session text not null,
  turn text not null,
  at integer not null,
  message text not null,
  foreign key (session, turn) references turns (session, id) on delete cascade
) strict;
create index messagesOfSession on messages (session, seq);

create table epochs (
  session text not null references sessions (id) on delete cascade,
  number integer not null,
  why text not null check (why in ('new', 'model', 'compaction')),
  model text not null,
  system text not null,
  toolsJson text not null,
  preface text not null,
  firstMessage text,
  startedAt integer not null,
  primary key (session, number)
) strict;

create table usage (
  seq integer primary key,
  session text not null references sessions (id) on delete cascade,
  turn text not null,
  model text not null,
  at integer not null,
  inputTokens integer not null,
  outputTokens integer not null,
  cachedTokens integer,
  contextTokens integer not null
) strict;
create index usageOfSession on usage (session);

create table journal (
  call text primary key,
  turn text not null references turns (id) on delete cascade,
  tool text not null,
  argumentsHash text not null,
  before text not null,
  approvedBy text,
  startedAt integer not null,
  finishedAt integer,
  ok integer check (ok in (0, 1))
) strict;
create index journalOfTurn on journal (turn);

create table memories (
  seq integer primary key,
  id text not null unique,
  person text not null,
  text text not null,
  at integer not null
) strict;
create index memoriesOfPerson on memories (person, seq);

create table "values" (key text primary key, value text not null) strict;
`;

/** What was said before there was the mark was said without it. `notes` is a list as JSON. */
const privateSessions = `
alter table sessions add column private integer not null default 0 check (private in (0, 1));
alter table turns add column notes text;
`;

/** What was measured of each request, and sums by day that stay when a session is deleted. */
const books = `
alter table usage add column startedAt integer;
alter table usage add column cacheWriteTokens integer;
alter table usage add column promptTokens integer;
alter table usage add column promptMs real;
alter table usage add column outputMs real;
alter table usage add column loadMs real;
alter table usage add column cost real;
alter table usage add column print text;
alter table usage add column locality text;
create index usageOfModel on usage (model, at);

create table spending (
  person text not null,
  day text not null,
  model text not null,
  locality text not null,
  requests integer not null,
  inputTokens integer not null,
  cachedTokens integer not null,
  outputTokens integer not null,
  promptTokens integer not null,
  promptMs real not null,
  timedOutputTokens integer not null,
  outputMs real not null,
  cost real not null,
  primary key (person, day, model, locality)
) strict, without rowid;
create index spendingOfDay on spending (day);
`;

/** `card` is JSON that the models' room writes and reads; one that it cannot read is measured anew. */
const scorecards = `
create table scorecards (
  server text not null,
  digest text not null,
  measuredAt integer not null,
  card text not null,
  primary key (server, digest)
) strict;
`;

/** What clients of `/v1/responses` may go on from. `previous` names a row that may be gone before this one. */
const responses = `
create table responses (
  id text primary key,
  owner text not null,
  previous text,
  createdAt integer not null,
  usedAt integer not null,
  sizeBytes integer not null,
  input text not null,
  response text not null
) strict;
create index responsesOfOwner on responses (owner, usedAt);
`;

/** Whether a sum of cached tokens was told at all: 0 of those is not 0 of what nobody counted. */
const cacheTold = `
alter table spending add column cacheToldTokens integer not null default 0;
update spending set cacheToldTokens = inputTokens where cachedTokens > 0;
`;

/** Folders whose documents may be searched; what was read of them stands in a file of its own and can be read again. */
const documents = `
create table documentFolders (
  id text primary key,
  owner text not null,
  name text not null,
  path text not null,
  private integer not null check (private in (0, 1)),
  addedAt integer not null,
  unique (owner, path),
  unique (owner, name)
) strict;
`;

export const migrations: readonly Migration[] = [
  { version: 1, sql: first },
  { version: 2, sql: privateSessions },
  { version: 3, sql: books },
  { version: 4, sql: scorecards },
  { version: 5, sql: responses },
  { version: 6, sql: cacheTold },
  { version: 7, sql: documents },
];
