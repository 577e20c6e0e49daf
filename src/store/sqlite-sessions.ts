import { Fault } from "../base/fault.ts";
import { type Database, isDangling } from "./database.ts";
import { toMessage, toMessages } from "./rows.ts";
import type { Epoch, Session, Sessions, StoredMessage, StoredUsage } from "./store.ts";
import type { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

export function createSessions(database: Database, writer: Writer): Sessions {
  const { statements } = database;
  return {
    async create({ model = null, private: isPrivate = false, ...session }) {
      const row = { ...session, model, private: isPrivate ? 1 : 0 };
      await writer.write(() => statements.addSession.run(row));
    },

    async get(owner, id) {
      const row = statements.session.get({ owner, id });
      return row && toSession(row);
    },

    // To SQLite a negative limit is none.
    list: async (owner, limit = -1) => statements.sessions.all({ owner, limit }).map(toSession),

    update: (owner, id, { title, model, updatedAt }) =>
      writer.write(() => {
        if (statements.touchSession.run({ owner, id, updatedAt }) === 0) return false;
        if (title !== undefined) statements.setSessionTitle.run({ id, title });
        if (model !== undefined) statements.setSessionModel.run({ id, model });
        return true;
      }),

    async delete(owner, id) {
      const gone = await writer.write(() => {
        if (!statements.session.get({ owner, id })) return false;
        // The cascade would look for the messages of each turn by itself: slow in a long session.
        statements.deleteMessages.run({ session: id });
        return statements.deleteSession.run({ owner, id }) > 0;
      });
      // Else the log would hold the text for a while. Where a reader is in the way, the next one takes it.
      if (gone) database.scrub();
      return gone;
    },

    messages: async (session, from) =>
      (from === undefined
        ? statements.messages.all({ session })
        : statements.messagesFrom.all({ session, from })
      ).map(toStoredMessage),

    async message(session, id) {
      const row = statements.message.get({ session, id });
      return row && toStoredMessage(row);
    },

    sizeBytes: async (session) => statements.messagesSize.get({ session })?.sizeBytes ?? 0,

    async epoch(session) {
      const row = statements.epoch.get({ session });
      return row && toEpoch(row);
    },

    addEpoch: ({ preface, firstMessage = null, ...epoch }) =>
      writer.write(() =>
        inExisting("session", epoch.session, () => {
          const json = JSON.stringify(preface);
          statements.addEpoch.run({ ...epoch, firstMessage, preface: json });
        }),
      ),

    epochs: async (session) => statements.epochs.all({ session }).map(toEpoch),

    addUsage: (usage) =>
      writer.write(() =>
        inExisting("session", usage.session, () => {
          statements.addUsage.run({ ...NOT_MEASURED, ...usage });
        }),
      ),

    usage: async (session) => statements.usage.all({ session }).map(toUsage),

    requestsBeside: async (session, model, after, before) =>
      statements.requestsBeside.get({ session, model, after, before })?.requests ?? 0,
  };
}

/** A session can be deleted while its turn runs: what comes after is told so, by `NOT_FOUND`. */
export function inExisting<T>(what: "session" | "turn", id: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDangling(error)) throw error;
    throw new Fault("NOT_FOUND", { what, id }, { cause: error });
  }
}

const toSession = ({ model, private: isPrivate, ...session }: Tables["sessions"]): Session => ({
  ...session,
  ...(model !== null && { model }),
  ...(isPrivate !== 0 && { private: true }),
});

const toStoredMessage = (row: Omit<Tables["messages"], "seq">): StoredMessage => ({
  ...row,
  message: toMessage(row.message, row.id),
});

const NOT_MEASURED = {
  cachedTokens: null,
  cacheWriteTokens: null,
  promptTokens: null,
  promptMs: null,
  outputMs: null,
  loadMs: null,
  cost: null,
  print: null,
  locality: null,
};

function toUsage({ startedAt, ...row }: Omit<Tables["usage"], "seq">): StoredUsage {
  const known = Object.entries(row).filter(([, value]) => value !== null);
  // What is null there is optional here.
  return { startedAt: startedAt ?? row.at, ...Object.fromEntries(known) } as StoredUsage;
}

const toEpoch = (row: Tables["epochs"]): Epoch => ({
  ...row,
  preface: toMessages(row.preface, row.session),
  firstMessage: row.firstMessage ?? undefined,
});
