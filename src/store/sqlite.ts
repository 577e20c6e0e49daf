import { join } from "node:path";

import type { Clock } from "../base/clock.ts";
import { openDatabase } from "./database.ts";
import { lockFolder } from "./lock.ts";
import { migrations as all, type Migration } from "./migrations.ts";
import { createAuthRecords } from "./sqlite-auth.ts";
import { createDocumentFolders } from "./sqlite-documents.ts";
import { createJournal } from "./sqlite-journal.ts";
import { createResponses } from "./sqlite-responses.ts";
import { createSessions } from "./sqlite-sessions.ts";
import { createSpending } from "./sqlite-spending.ts";
import { createTurns } from "./sqlite-turns.ts";
import type { Store } from "./store.ts";
import { createWriter } from "./writer.ts";

export type StoreOptions = {
  /** The state folder, made with mode 0700 where there is none and locked; ":memory:" keeps nothing. */
  folder: string;
  clock: Clock;
  /** For tests of what an older or newer program left behind. */
  migrations?: readonly Migration[];
};

/** The file in a state folder that holds the store. */
export const storeFile = (folder: string): string => join(folder, "isopod.db");

/**
 * Opens the store, or makes it. Throws `STORE_LOCKED` while another gateway has the folder, `STORE_NEWER`,
 * `STORE_UNREADABLE` or `STORE_FULL`.
 */
export async function createStore({
  folder,
  clock,
  migrations = all,
}: StoreOptions): Promise<Store> {
  const inMemory = folder === ":memory:";
  const lock = inMemory ? undefined : lockFolder(folder);
  try {
    const database = openDatabase(inMemory ? folder : storeFile(folder), migrations);
    const writer = createWriter(database);
    const { statements } = database;
    const auth = createAuthRecords(database, writer, clock);

    async function close(): Promise<void> {
      try {
        await auth.close();
        await writer.idle();
        database.scrub();
      } finally {
        database.close();
        lock?.release();
      }
    }
    let closed: Promise<void> | undefined;

    return {
      auth,
      sessions: createSessions(database, writer),
      turns: createTurns(database, writer),
      journal: createJournal(database, writer),
      memories: {
        async add(memory) {
          await writer.write(() => statements.addMemory.run(memory));
        },
        list: async (person) => statements.memories.all({ person }),
      },
      spending: createSpending(database, writer),
      responses: createResponses(database, writer),
      documents: createDocumentFolders(database, writer),
      scorecards: {
        list: async () => statements.scorecards.all({}),
        async put(row) {
          await writer.write(() => statements.putScorecard.run(row));
        },
      },
      values: {
        get: async (key) => statements.value.get({ key })?.value,
        async set(key, value) {
          await writer.write(() => statements.setValue.run({ key, value }));
        },
      },
      close: () => (closed ??= close()),
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}
