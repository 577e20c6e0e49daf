import type { Database } from "./database.ts";
import type { Responses } from "./store.ts";
import type { Writer } from "./writer.ts";

export function createResponses(database: Database, writer: Writer): Responses {
  const { statements } = database;
  return {
    async add({ previous = null, ...response }) {
      const sizeBytes = Buffer.byteLength(response.input) + Buffer.byteLength(response.response);
      await writer.write(() => statements.addResponse.run({ ...response, previous, sizeBytes }));
    },

    async get(owner, id) {
      const row = statements.response.get({ owner, id });
      if (!row) return undefined;
      const { previous, ...response } = row;
      return previous === null ? response : { ...response, previous };
    },

    async touch(owner, ids, at) {
      await writer.write(() => {
        for (const id of ids) statements.touchResponse.run({ owner, id, usedAt: at });
      });
    },

    async delete(owner, id) {
      const gone = await writer.write(() => statements.deleteResponse.run({ owner, id }) > 0);
      if (gone) database.scrub(); // else the log would hold the text for a while
      return gone;
    },

    async prune({ owner, usedBefore, maxBytes }) {
      await writer.write(() => {
        statements.dropUnusedResponses.run({ before: usedBefore });
        statements.dropExcessResponses.run({ owner, maxBytes });
      });
    },
  };
}
