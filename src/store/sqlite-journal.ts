import { Fault } from "../base/fault.ts";
import type { Database } from "./database.ts";
import { inExisting } from "./sqlite-sessions.ts";
import type { Journal, JournalEntry } from "./store.ts";
import type { Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

export function createJournal({ statements }: Database, writer: Writer): Journal {
  return {
    start: (entry) =>
      writer.write(() => {
        const { call, turn, tool, argumentsHash, before, approvedBy = null, startedAt } = entry;
        const row = { call, turn, tool, argumentsHash, before, approvedBy, startedAt };
        if (inExisting("turn", turn, () => statements.startCall.run(row)) > 0) return;
        throw new Fault("JOURNAL_REPEATED", { call });
      }),

    async finish(call, { ok, at }) {
      await writer.write(() => statements.finishCall.run({ call, ok: ok ? 1 : 0, at }));
    },

    async get(call) {
      const row = statements.call.get({ call });
      return row && toEntry(row);
    },
  };
}

const toEntry = (row: Tables["journal"]): JournalEntry => {
  const { approvedBy, finishedAt, ok, ...entry } = row;
  return {
    ...entry,
    ...(approvedBy !== null && { approvedBy }),
    ...(finishedAt !== null && { finishedAt }),
    ...(ok !== null && { ok: ok === 1 }),
  };
};
