import { type Database, isRepeated } from "./database.ts";
import type { DocumentFolders } from "./store.ts";
import type { Writer } from "./writer.ts";

export function createDocumentFolders({ statements }: Database, writer: Writer): DocumentFolders {
  return {
    async add({ private: isPrivate, ...folder }) {
      const row = { ...folder, private: isPrivate ? 1 : 0 };
      try {
        await writer.write(() => statements.addDocumentFolder.run(row));
        return true;
      } catch (error) {
        if (isRepeated(error)) return false;
        throw error;
      }
    },
    list: async (owner) =>
      statements.documentFolders
        .all({ owner })
        .map(({ private: isPrivate, ...folder }) => ({ ...folder, private: isPrivate === 1 })),
    delete: (owner, id) =>
      writer.write(() => statements.deleteDocumentFolder.run({ owner, id }) > 0),
  };
}
