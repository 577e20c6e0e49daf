import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import fc from "fast-check";

import type { Credential } from "../auth/records.ts";
import type { Message } from "../protocol/message.ts";
import {
  addSession,
  credentialOf,
  entryOf,
  epochOf,
  messageOf,
  next,
  openTurn,
  turnOf,
  usageOf,
} from "./examples.ts";
import { testDocumentFolders } from "./documents.conformance.ts";
import { testResponses } from "./responses.conformance.ts";
import { testUsage } from "./usage.conformance.ts";
import type { Epoch, Store, StoredMessage } from "./store.ts";

/** What every store must do. `create` gives an empty one; it is closed afterwards. */
export function testStore(name: string, create: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    before(async () => {
      store = await create();
    });
    after(() => store.close());

    testSessions(() => store);
    testOwnership(() => store);
    testHistory(() => store);
    testTurns(() => store);
    testJournal(() => store);
    testRecords(() => store);
    testRest(() => store);
    testResponses(() => store);
    testDocumentFolders(() => store);
    testUsage(() => store, { addSession, openTurn, messageOf, usageOf });
  });
}

function testSessions(store: () => Store): void {
  test("a session comes back as it was created, with and without a model, private or not", async () => {
    const { sessions } = store();
    const secret = await addSession(store(), { owner: "plain", private: true });
    assert.deepEqual(await sessions.get("plain", secret.id), secret);
    const plain = await addSession(store(), { owner: "plain" });
    const strict = await addSession(store(), { owner: "plain", model: "ollama/qwen3:8b" });
    assert.deepEqual(await sessions.get("plain", plain.id), plain);
    assert.deepEqual(await sessions.get("plain", strict.id), strict);
  });

  test("sessions are listed newest first, as many as asked for", async () => {
    const { sessions } = store();
    const [first, second, third] = [
      await addSession(store(), { owner: "lister", updatedAt: 10 }),
      await addSession(store(), { owner: "lister", updatedAt: 30 }),
      await addSession(store(), { owner: "lister", updatedAt: 20 }),
    ];
    const ids = async (limit?: number) =>
      (await sessions.list("lister", limit)).map(({ id }) => id);
    assert.deepEqual(await ids(), [second.id, third.id, first.id]);
    assert.deepEqual(await ids(2), [second.id, third.id]);
    assert.deepEqual(await sessions.list("nobody"), []);
  });

  test("update() changes what is named, takes the model off with null, and leaves the rest", async () => {
    const { sessions } = store();
    const session = await addSession(store(), { model: "ollama/a" });
    const { owner, id } = session;
    assert.equal(await sessions.update(owner, id, { title: "Taxes", updatedAt: 5 }), true);
    assert.deepEqual(await sessions.get(owner, id), { ...session, title: "Taxes", updatedAt: 5 });
    await sessions.update(owner, id, { model: null, updatedAt: 6 });
    const { model: _, ...rest } = session;
    assert.deepEqual(await sessions.get(owner, id), { ...rest, title: "Taxes", updatedAt: 6 });
    assert.equal(await sessions.update(owner, "ses_none", { updatedAt: 7 }), false);
  });

  test("delete() takes messages, turns, epochs and the journal along, once", async () => {
    const { sessions, turns, journal } = store();
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    await sessions.addEpoch(epochOf(session, 1));
    await sessions.addUsage(usageOf(turn));
    await journal.start(entryOf(turn));
    assert.equal(await sessions.delete(session.owner, session.id), true);
    assert.equal(await sessions.get(session.owner, session.id), undefined);
    assert.deepEqual(await sessions.messages(session.id), []);
    assert.equal(await sessions.epoch(session.id), undefined);
    assert.equal(await turns.get(turn.id), undefined);
    assert.equal(await journal.get(`${turn.id}/1`), undefined);
    assert.equal(await sessions.delete(session.owner, session.id), false);
  });

  test("what a running turn writes after its session was deleted is NOT_FOUND, and leaves no trace", async () => {
    const { sessions, turns, journal } = store();
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    await sessions.delete(session.owner, session.id);
    const gone = { code: "NOT_FOUND" };
    await assert.rejects(turns.append([messageOf(turn)]), gone);
    await assert.rejects(sessions.addEpoch(epochOf(session, 1)), gone);
    await assert.rejects(sessions.addUsage(usageOf(turn)), gone);
    await assert.rejects(journal.start(entryOf(turn)), gone);
    await turns.setState(turn.id, "stopped", 9);
    await journal.finish(`${turn.id}/1`, { ok: true, at: 9 });
    assert.deepEqual(await sessions.messages(session.id), []);
    assert.equal(await turns.get(turn.id), undefined);
  });
}

function testOwnership(store: () => Store): void {
  test("security: to a second person, another's session is not there, whatever is asked of it", async () => {
    const { sessions, turns } = store();
    const session = await addSession(store(), { owner: "alice" });
    const { id } = session;
    assert.equal(await sessions.get("mallory", id), undefined);
    assert.deepEqual(await sessions.list("mallory"), []);
    const change = { title: "Mine", model: "evil/model", updatedAt: 99 };
    assert.equal(await sessions.update("mallory", id, change), false);
    assert.equal(await sessions.delete("mallory", id), false);
    const turn = turnOf(session, { owner: "mallory" });
    await assert.rejects(turns.open(turn, messageOf(turn)), { code: "NOT_FOUND" });
    assert.deepEqual(await turns.list(id), []);
    assert.deepEqual(await sessions.messages(id), []);
    assert.deepEqual(await sessions.get("alice", id), session);
  });

  test("security: a key that another person used before does not give away their turn", async () => {
    const session = await addSession(store(), { owner: "alice" });
    const { turn } = await openTurn(store(), session, "key-of-alice");
    const own = turnOf(session, { owner: "mallory" });
    await assert.rejects(store().turns.open(own, messageOf(own), "key-of-alice"), {
      code: "NOT_FOUND",
    });
    assert.deepEqual(
      (await store().turns.list(session.id)).map(({ id }) => id),
      [turn.id],
    );
  });

  test("security: a message cannot be filed under a turn of another session", async () => {
    const victim = await addSession(store(), { owner: "alice" });
    const other = await addSession(store(), { owner: "mallory" });
    const { turn } = await openTurn(store(), other);
    await assert.rejects(store().turns.append([{ ...messageOf(turn), session: victim.id }]), {
      code: "NOT_FOUND",
    });
    assert.deepEqual(await store().sessions.messages(victim.id), []);
  });

  test("security: memories are those of the person", async () => {
    await store().memories.add({ id: next("mem"), person: "alice", text: "likes tea", at: 1 });
    assert.deepEqual(await store().memories.list("mallory"), []);
  });
}

function testHistory(store: () => Store): void {
  test("messages come back in order and byte for byte", async () => {
    const session = await addSession(store());
    const { turn, message } = await openTurn(store(), session);
    const later: Message[] = [
      {
        role: "assistant",
        text: "",
        reasoning: "hm",
        toolCalls: [{ id: "1", tool: "read", argumentsJson: '{ "path" :"a\\u0000é" }' }],
      },
      { role: "tool", callId: "1", tool: "read", text: "line\0 \u{1F9EA} \n", ok: false },
      { role: "user", text: "go on", context: "it is Monday" },
    ];
    const stored = later.map((message) => ({ ...messageOf(turn), message }));
    await store().turns.append(stored);
    assert.deepEqual(await store().sessions.messages(session.id), [message, ...stored]);
  });

  test("any text survives, whatever it holds", async () => {
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (text, context) => {
        const message: StoredMessage = {
          ...messageOf(turn),
          message: { role: "user", text, context },
        };
        await store().turns.append([message]);
        assert.deepEqual((await store().sessions.messages(session.id)).at(-1), message);
      }),
      { numRuns: 50 },
    );
  });

  test("append() is all or nothing", async () => {
    const session = await addSession(store());
    const { turn, message } = await openTurn(store(), session);
    await assert.rejects(store().turns.append([messageOf(turn), { ...message }]));
    assert.deepEqual(await store().sessions.messages(session.id), [message]);
  });

  test("epoch() is the newest one, or undefined before the first", async () => {
    const session = await addSession(store());
    assert.equal(await store().sessions.epoch(session.id), undefined);
    const first = epochOf(session, 1);
    const second: Epoch = {
      ...epochOf(session, 2),
      why: "compaction",
      preface: [{ role: "user", text: "What was said: much" }],
      firstMessage: "msg_7",
    };
    await store().sessions.addEpoch(first);
    assert.deepEqual(await store().sessions.epoch(session.id), first);
    await store().sessions.addEpoch(second);
    assert.deepEqual(await store().sessions.epoch(session.id), second);
  });
}

function testTurns(store: () => Store): void {
  test("open() stores the turn and its message together", async () => {
    const session = await addSession(store());
    const { turn, message, opened } = await openTurn(store(), session);
    assert.deepEqual(opened, { turn: turn.id, message: message.id, repeated: false });
    assert.deepEqual(await store().turns.get(turn.id), turn);
    assert.deepEqual(await store().sessions.messages(session.id), [message]);
    assert.equal(await store().turns.get("turn_none"), undefined);
  });

  test("open() with a key seen before in the session changes nothing, even at once", async () => {
    const session = await addSession(store());
    const opened = await Promise.all(
      [1, 2, 3].map(async () => (await openTurn(store(), session, "the same key")).opened),
    );
    const [first, ...others] = opened;
    assert.equal(first?.repeated, false);
    for (const other of others) assert.deepEqual(other, { ...first, repeated: true });
    assert.equal((await store().turns.list(session.id)).length, 1);
    assert.equal((await store().sessions.messages(session.id)).length, 1);
    const elsewhere = await openTurn(store(), await addSession(store()), "the same key");
    assert.equal(elsewhere.opened.repeated, false);
  });

  test("addNote() keeps what is worth reading later, in order", async () => {
    const { turn } = await openTurn(store(), await addSession(store()));
    const notes = [
      { code: "MODEL_SWITCHED", text: 'it\'s "another"', at: 5 },
      { code: "MODEL_RECOVERED", text: "again", at: 6 },
    ];
    for (const note of notes) await store().turns.addNote(turn.id, note);
    assert.deepEqual((await store().turns.get(turn.id))?.notes, notes);
    await store().turns.addNote("turn_gone", { code: "A", text: "", at: 1 });
  });

  test("setState() keeps when a turn ended and with which fault", async () => {
    const { turn } = await openTurn(store(), await addSession(store()));
    await store().turns.setState(turn.id, "running", 5);
    assert.deepEqual(await store().turns.get(turn.id), { ...turn, state: "running" });
    const fault = { code: "MODEL_UNREACHABLE", message: "Cannot reach it", fix: "Start it" };
    await store().turns.setState(turn.id, "failed", 6, fault);
    const failed = { ...turn, state: "failed", endedAt: 6, fault };
    assert.deepEqual(await store().turns.get(turn.id), failed);
  });

  test("unfinished() gives what a start has to take up again, oldest first", async () => {
    for (const { id } of await store().turns.unfinished()) {
      await store().turns.setState(id, "done", 1);
    }
    const session = await addSession(store());
    const [queued, running, done] = [
      await openTurn(store(), session),
      await openTurn(store(), session),
      await openTurn(store(), session),
    ].map(({ turn }) => turn.id);
    assert.ok(queued && running && done);
    await store().turns.setState(running, "running", 1);
    await store().turns.setState(done, "done", 2);
    const unfinished = await store().turns.unfinished();
    assert.deepEqual(
      unfinished.map(({ id, state }) => ({ id, state })),
      [
        { id: queued, state: "queued" },
        { id: running, state: "running" },
      ],
    );
  });
}

function testJournal(store: () => Store): void {
  test("a call starts once, even when asked for at once", async () => {
    const { turn } = await openTurn(store(), await addSession(store()));
    const entry = entryOf(turn);
    const starts = await Promise.allSettled([1, 2, 3].map(() => store().journal.start(entry)));
    const codes = starts.map((start) => start.status === "rejected" && start.reason.code);
    assert.deepEqual(codes, [false, "JOURNAL_REPEATED", "JOURNAL_REPEATED"]);
    assert.deepEqual(await store().journal.get(entry.call), entry);
    assert.equal(await store().journal.get("none"), undefined);
  });

  test("a call keeps how it ended", async () => {
    const { turn } = await openTurn(store(), await addSession(store()));
    const entry = { ...entryOf(turn), approvedBy: "alice" };
    await store().journal.start(entry);
    await store().journal.finish(entry.call, { ok: false, at: 8 });
    const ended = { ...entry, ok: false, finishedAt: 8 };
    assert.deepEqual(await store().journal.get(entry.call), ended);
  });
}

function testRecords(store: () => Store): void {
  test("people and credentials come back; a revoked credential is gone", async () => {
    const { auth } = store();
    const person = { id: next("per"), name: "Kim", role: "owner", createdAt: 1 } as const;
    await auth.addPerson(person);
    assert.deepEqual(await auth.person(person.id), person);
    assert.ok((await auth.people()).some(({ id }) => id === person.id));
    const key = credentialOf(person.id);
    const device: Credential = { ...credentialOf(person.id), kind: "device", proofHash: "p" };
    await auth.addCredential(key);
    await auth.addCredential(device);
    assert.deepEqual(await auth.credentialByHash(key.hash), key);
    assert.deepEqual(await auth.credentials(person.id), [key, device]);
    assert.equal(await auth.revokeCredential("mallory", key.id), false);
    assert.equal(await auth.revokeCredential(person.id, key.id), true);
    assert.equal(await auth.revokeCredential(person.id, key.id), false);
    assert.equal(await auth.credentialByHash(key.hash), undefined);
    assert.deepEqual(await auth.credentials(person.id), [device]);
  });

  test("the last use of a credential can be read at once", async () => {
    const { auth } = store();
    const person = next("per");
    await auth.addPerson({ id: person, name: "Lee", role: "member", createdAt: 1 });
    const key = credentialOf(person);
    await auth.addCredential(key);
    auth.touchCredential(key.id, 77);
    assert.deepEqual(await auth.credentialByHash(key.hash), { ...key, lastUsedAt: 77 });
  });

  test("security: a pairing code is taken once, however many ask at once", async () => {
    const { auth } = store();
    const person = next("per");
    await auth.addPerson({ id: person, name: "Ann", role: "member", createdAt: 1 });
    const code = { person, scopes: ["read" as const], expiresAt: 100 };
    await auth.addPairingCode({ hash: "code", ...code }, 50);
    const taken = await Promise.all([1, 2, 3, 4].map(() => auth.takePairingCode("code")));
    assert.deepEqual(taken, [code, undefined, undefined, undefined]);
    await auth.addPairingCode({ hash: "old", ...code }, 50);
    await auth.addPairingCode({ hash: "young", ...code, expiresAt: 300 }, 200);
    assert.equal(await auth.takePairingCode("old"), undefined);
  });
}

function testRest(store: () => Store): void {
  test("memories are listed in the order they were added", async () => {
    const memories = ["first", "second"].map((text) => ({ id: next("mem"), text, at: 1 }));
    for (const memory of memories) await store().memories.add({ ...memory, person: "kim" });
    assert.deepEqual(await store().memories.list("kim"), memories);
  });

  test("a value is what was set last", async () => {
    assert.equal(await store().values.get("mode"), undefined);
    await store().values.set("mode", "private");
    await store().values.set("mode", "device");
    assert.equal(await store().values.get("mode"), "device");
  });

  test("a scorecard is the newest of its server and weights", async () => {
    const row = { server: "http://a:1", digest: "sha256:x", measuredAt: 1, card: "{}" };
    await store().scorecards.put(row);
    await store().scorecards.put({ ...row, digest: "sha256:y" });
    await store().scorecards.put({ ...row, measuredAt: 2, card: '{"mode":"chat"}' });
    assert.deepEqual(await store().scorecards.list(), [
      { ...row, measuredAt: 2, card: '{"mode":"chat"}' },
      { ...row, digest: "sha256:y" },
    ]);
  });

  test("a write that fails takes nothing that was asked for at the same time along", async () => {
    const session = await addSession(store());
    const twin = { ...session, title: "the same id again" };
    const [before, failed, after] = await Promise.allSettled([
      store().values.set("before", "1"),
      store().sessions.create(twin),
      store().values.set("after", "2"),
    ]);
    assert.deepEqual(
      [before.status, failed.status, after.status],
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal(await store().values.get("before"), "1");
    assert.equal(await store().values.get("after"), "2");
    assert.deepEqual(await store().sessions.get(session.owner, session.id), session);
  });
}
