import type { Database } from "./database.ts";
import type { Spending } from "./store.ts";
import type { Writer } from "./writer.ts";

export function createSpending({ statements }: Database, writer: Writer): Spending {
  return {
    async add(spent) {
      await writer.write(() => statements.addSpending.run(spent));
    },
    list: async ({ person, since }) =>
      person === undefined
        ? statements.spendingOfAll.all({ since })
        : statements.spending.all({ person, since }),
    sessions: async ({ person, since }) => statements.usageBySession.all({ person, since }),
    turns: async ({ person, since }) => statements.usageByTurn.all({ person, since }),
  };
}
