/** The real documents of a gateway, with a store in memory and folders that are removed afterwards. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { systemClock as clock } from "../../src/base/clock.ts";
import { createDocuments } from "../../src/documents/create-documents.ts";
import type { Embedder } from "../../src/documents/embedder.ts";
import type { DocumentEvent } from "../../src/protocol/documents.ts";
import { createStore } from "../../src/store/sqlite.ts";
import { createFakePrograms } from "./programs.ts";

export const NO_MODEL: Embedder = {
  known: () => undefined,
  find: async () => ({ why: "no model server of yours has a model for embeddings" }),
  embed: () => Promise.reject(new Error("there is no model")),
};

export type DocumentsStage = Awaited<ReturnType<typeof createDocumentsStage>>;

export async function createDocumentsStage(
  options: { patienceMs?: number; embedder?: Embedder } = {},
) {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "documents-test-")));
  const state = join(home, "state");
  mkdirSync(state);
  const store = await createStore({ folder: ":memory:", clock });
  const warnings: object[] = [];
  const open = () =>
    createDocuments({
      folders: store.documents,
      programs: createFakePrograms(),
      database: join(state, "documents.db"),
      keepOut: [state],
      embedder: options.embedder ?? NO_MODEL,
      clock,
      log: { warn: (facts) => void warnings.push(facts) },
      ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    });
  let documents = open();
  const signal = new AbortController().signal;

  return {
    home,
    state,
    store,
    warnings,
    get documents() {
      return documents;
    },
    /** A folder with these files in it. */
    folder(name: string, files: Record<string, string | Buffer> = {}): string {
      const path = join(home, name);
      mkdirSync(path, { recursive: true });
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, file)), { recursive: true });
        writeFileSync(join(path, file), content);
      }
      return path;
    },
    /** Reads a folder to its end, and returns what is told last. */
    async add(path: string, more: { person?: string; private?: boolean } = {}, stop = signal) {
      const of = { person: "kim", private: false, ...more, path };
      let last: DocumentEvent | undefined;
      for await (const event of documents.add(of, stop)) last = event;
      if (last?.type !== "done") throw new Error("it did not end well");
      return last;
    },
    async find(query: string, person = "kim"): Promise<string[]> {
      const { hits } = await documents.search({ person, query, limit: 20 }, signal);
      return hits.map(({ document, line }) => `${document}:${line}`).toSorted();
    },
    async reopen() {
      await documents.close();
      documents = open();
    },
    async close() {
      await documents.close();
      await store.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
