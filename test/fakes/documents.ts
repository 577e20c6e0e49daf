/** Documents that nobody has read, for tests of what stands before them: real folders in a real store. */

import { Fault } from "../../src/base/fault.ts";
import type { Documents } from "../../src/documents/documents.ts";
import type { DocumentFolders } from "../../src/store/store.ts";

const NOTHING_READ = {
  indexedAt: null,
  reading: false,
  files: 0,
  passages: 0,
  vectors: 0,
  sizeBytes: 0,
  leftOut: [],
  leftOutCount: 0,
};

export function createFakeDocuments(folders: DocumentFolders): Documents {
  const report = async (person: string) =>
    (await folders.list(person)).map(({ owner: _owner, ...folder }) => ({
      ...folder,
      ...NOTHING_READ,
    }));
  return {
    list: async (person) => ({
      folders: await report(person),
      meaning: { why: "no model server of yours has a model for embeddings" },
    }),
    async *add({ person, path, private: isPrivate }) {
      if (path === "/nowhere") throw new Fault("DOCUMENTS_MISSING", { path, detail: "gone" });
      const id = `fol_${path.replaceAll("/", "_")}`;
      await folders.add({ id, owner: person, name: id, path, private: isPrivate, addedAt: 1 });
      yield { type: "progress", text: "Reading", done: 1, total: 2 };
      if (path === "/broken") throw new Fault("DOCUMENTS_STOPPED", { detail: "it broke" });
      const [folder] = await report(person);
      if (!folder) throw new Error("it was added just now");
      yield { type: "done", folder, added: 0, changed: 0, removed: 0, unchanged: 0, seconds: 1 };
    },
    async remove(person, id) {
      if (await folders.delete(person, id)) return { name: id, path: id };
      throw new Fault("NOT_FOUND", { what: "folder of documents", id });
    },
    search: async ({ person }) => ({
      hits: (await folders.list(person)).map(({ name }) => ({
        document: `${name}/Canary.md`,
        line: 1,
        text: "Canary",
      })),
      meaning: false,
    }),
    of: () => ({
      has: async () => false,
      search: () => Promise.reject(new Error("not used by these tests")),
      read: () => Promise.reject(new Error("not used by these tests")),
    }),
    close: async () => {},
  };
}
