import { Fault } from "../base/fault.ts";
import type { Database } from "./database.ts";
import { toNotes, toReport } from "./rows.ts";
import { inExisting } from "./sqlite-sessions.ts";
import type { StoredMessage, Turn, Turns } from "./store.ts";
import type { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

export function createTurns({ statements }: Database, writer: Writer): Turns {
  const add = ({ message, ...row }: StoredMessage) =>
    statements.addMessage.run({ ...row, message: JSON.stringify(message) });

  return {
    open: (turn, message, key) =>
      writer.write(() => {
        const { session, owner } = turn;
        // Before the key is looked at: to another person neither session nor key is there.
        if (!statements.session.get({ owner, id: session })) {
          throw new Fault("NOT_FOUND", { what: "session", id: session });
        }
        const first = key === undefined ? undefined : statements.turnByKey.get({ session, key });
        if (first) return { turn: first.id, message: first.message, repeated: true };
        statements.addTurn.run({ ...toRow(turn), message: message.id, key: key ?? null });
        add(message);
        return { turn: turn.id, message: message.id, repeated: false };
      }),

    append: (messages) =>
      writer.write(() => {
        for (const message of messages) inExisting("session", message.session, () => add(message));
      }),

    async addNote(id, note) {
      await writer.write(() => statements.addTurnNote.run({ id, note: JSON.stringify(note) }));
    },

    async setState(id, state, at, fault) {
      const endedAt = state === "queued" || state === "running" ? null : at;
      const json = fault ? JSON.stringify(fault) : null;
      await writer.write(() => statements.setTurnState.run({ id, state, endedAt, fault: json }));
    },

    async get(id) {
      const row = statements.turn.get({ id });
      return row && toTurn(row);
    },

    list: async (session) => statements.turns.all({ session }).map(toTurn),

    unfinished: async () => statements.unfinishedTurns.all({}).map(toTurn),
  };
}

type Row = Omit<Tables["turns"], "seq" | "message" | "key">;

const toRow = ({ attended, endedAt, fault, notes, ...turn }: Turn): Row => ({
  ...turn,
  attended: attended ? 1 : 0,
  endedAt: endedAt ?? null,
  fault: fault ? JSON.stringify(fault) : null,
  notes: notes ? JSON.stringify(notes) : null,
});

const toTurn = ({ attended, endedAt, fault, notes, ...turn }: Row): Turn => ({
  ...turn,
  attended: attended === 1,
  ...(endedAt !== null && { endedAt }),
  ...(fault !== null && { fault: toReport(fault, turn.id) }),
  ...(notes !== null && { notes: toNotes(notes, turn.id) }),
});
