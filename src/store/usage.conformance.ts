/** What every store must do with what was used, and with messages from one on. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Session, Store, StoredMessage, StoredUsage, Turn } from "./store.ts";

/** What the suite of the store makes its rows with. */
type Making = {
  addSession(store: Store): Promise<Session>;
  openTurn(store: Store, session: Session): Promise<{ turn: Turn; message: StoredMessage }>;
  messageOf(turn: Turn, text?: string): StoredMessage;
  usageOf(turn: Turn): StoredUsage;
};

export function testUsage(store: () => Store, making: Making): void {
  const { addSession, openTurn, messageOf, usageOf } = making;
  test("messages() from one on gives its whole turn and all later ones, also what came in between", async () => {
    const { sessions, turns } = store();
    const session = await addSession(store());
    const first = await openTurn(store(), session);
    const second = await openTurn(store(), session);
    const answer = messageOf(second.turn, "answer");
    await turns.append([answer]);
    const third = await openTurn(store(), session); // while the second one runs
    const more = messageOf(second.turn, "more");
    await turns.append([more]);
    const after = [second.message, answer, third.message, more];
    assert.deepEqual(await sessions.messages(session.id, more.id), after);
    assert.deepEqual(await sessions.messages(session.id, first.message.id), [
      first.message,
      ...after,
    ]);
    assert.deepEqual(await sessions.messages(session.id, "msg_none"), [first.message, ...after]);
  });

  test("message() reads one message of its own session, and none of another", async () => {
    const { sessions } = store();
    const [mine, other] = [await addSession(store()), await addSession(store())];
    const { message } = await openTurn(store(), mine);
    assert.deepEqual(await sessions.message(mine.id, message.id), message);
    assert.equal(await sessions.message(other.id, message.id), undefined);
    assert.equal(await sessions.message(mine.id, "msg_none"), undefined);
  });

  test("usage() gives back what was measured of each request, and what was not is not there", async () => {
    const { sessions } = store();
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    const plain = usageOf(turn);
    const measured = {
      ...plain,
      cachedTokens: 5,
      promptMs: 1.5,
      loadMs: 300,
      cost: 0.25,
      print: "{}",
    };
    await sessions.addUsage(plain);
    await sessions.addUsage(measured);
    assert.deepEqual(await sessions.usage(session.id), [plain, measured]);
  });

  test("requests of other sessions to the same model are counted between two times", async () => {
    const { sessions } = store();
    const [mine, other] = [await addSession(store()), await addSession(store())];
    const at = async (session: Session, startedAt: number, model = "ollama/a") => {
      const { turn } = await openTurn(store(), session);
      await sessions.addUsage({ ...usageOf(turn), model, startedAt, at: startedAt + 1 });
    };
    await at(mine, 10);
    await at(other, 20);
    await at(other, 30, "ollama/b");
    await at(other, 50);
    assert.equal(await sessions.requestsBeside(mine.id, "ollama/a", 11, 40), 1);
    assert.equal(await sessions.requestsBeside(mine.id, "ollama/a", 21, 40), 0);
  });

  test("what a day cost is added up, and stays when its sessions are deleted", async () => {
    const { sessions, spending } = store();
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    await sessions.addUsage({ ...usageOf(turn), cost: 0.5 });
    const person = `person of ${session.id}`; // the store of the suite has other days too
    const day = spentOn("2026-11-21", person);
    for (let times = 0; times < 2; times++) await spending.add(day);
    await spending.add(spentOn("2026-11-20", person));
    const own = { person: session.owner, since: 0 };
    const isOwn = (row: { session: string }) => row.session === session.id;
    assert.equal((await spending.sessions(own)).find(isOwn)?.cost, 0.5);
    assert.equal((await spending.turns(own)).find(isOwn)?.turn, turn.id);
    await sessions.delete(session.owner, session.id);
    const rows = await spending.list({ person, since: "2026-11-21" });
    assert.deepEqual(rows, [{ ...day, requests: 2, inputTokens: 20, outputTokens: 4, cost: 0.5 }]);
  });

  test("security: what others used is in nobody's books but their own", async () => {
    const { sessions, spending } = store();
    const session = await addSession(store());
    const { turn } = await openTurn(store(), session);
    await sessions.addUsage(usageOf(turn));
    await spending.add(spentOn("2026-11-21", session.owner));
    const other = { person: "per_other", since: 0 };
    assert.deepEqual(await spending.list({ person: "per_other", since: "2000-01-01" }), []);
    assert.deepEqual(await spending.sessions(other), []);
    assert.deepEqual(await spending.turns(other), []);
  });
}

const spentOn = (day: string, person: string) => ({
  person,
  day,
  model: "ollama/a",
  locality: "device",
  requests: 1,
  inputTokens: 10,
  cachedTokens: 0,
  cacheToldTokens: 0,
  outputTokens: 2,
  promptTokens: 0,
  promptMs: 0,
  timedOutputTokens: 0,
  outputMs: 0,
  cost: 0.25,
});
