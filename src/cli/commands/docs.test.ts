import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestTerminal } from "../../../test/fakes/terminal.ts";
import type { DocumentEvent, DocumentFolderReport } from "../../protocol/documents.ts";
import type { Client } from "../client.ts";
import type { Call, Command, Host } from "../command.ts";
import { createInterrupts } from "../interrupts.ts";
import { docsAdd } from "./docs/add.ts";
import { docsList } from "./docs/list.ts";
import { docsRemove } from "./docs/rm.ts";
import { docsSearch } from "./docs/search.ts";

const FOLDER: DocumentFolderReport = {
  id: "fol_1",
  name: "papers",
  path: "/home/me/papers",
  private: false,
  addedAt: 1,
  indexedAt: 2,
  reading: false,
  files: 3,
  passages: 4,
  vectors: 2,
  sizeBytes: 2_000_000,
  leftOut: [{ path: "scan.pdf", why: "it has no text" }],
  leftOutCount: 2,
};
const COUNTS = { added: 3, changed: 0, removed: 1, unchanged: 0, seconds: 2 };
const PROGRESS: DocumentEvent = { type: "progress", text: "Reading", done: 1, total: 4 };

/** A command before a gateway that answers what the test says. */
async function isopod(command: Command, call: Partial<Call>, client: Partial<Client>) {
  const terminal = createTestTerminal();
  const interrupts = createInterrupts({ elapsedMs: () => 0 });
  const host = {
    withGateway: (work: (client: Client) => Promise<unknown>) => work(client as Client),
  } as unknown as Host; // what a command does not touch is not there
  const code = await command.run({
    args: [],
    options: {},
    host,
    terminal,
    within: interrupts.within,
    signal: new AbortController().signal,
    ...call,
  });
  return { code, out: terminal.out(), err: terminal.err(), passed: terminal.passed() };
}

async function* play(events: readonly DocumentEvent[]) {
  yield* events;
}

test("docs add shows a bar while it reads, and what was found at the end", async () => {
  const asked: object[] = [];
  const addDocuments: Client["addDocuments"] = (body) => {
    asked.push(body);
    return play([PROGRESS, { type: "done", folder: FOLDER, ...COUNTS }]);
  };
  const call = { args: ["/home/me/papers"], options: { private: true } };
  const { code, out, err, passed } = await isopod(docsAdd, call, { addDocuments });
  assert.deepEqual([code, asked], [0, [{ path: "/home/me/papers", private: true }]]);
  assert.deepEqual(passed, ["Reading  [#####---------------] 25%  1 of 4 files"]);
  assert.match(out, /^papers: 3 documents can be searched \(3 new, 0 changed, 1 gone,/);
  assert.match(err, /2 files were left out: isopod docs list says why/);
});

test("docs add prints each step as JSON, and throws what the gateway reports", async () => {
  const done: DocumentEvent = { type: "done", folder: FOLDER, ...COUNTS };
  const options = { json: true };
  const { out } = await isopod(
    docsAdd,
    { options },
    { addDocuments: () => play([PROGRESS, done]) },
  );
  assert.deepEqual(
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    [PROGRESS, done],
  );
  const failed: DocumentEvent = { type: "failed", code: "STORE_FULL", message: "m", fix: "f" };
  const failing = isopod(docsAdd, {}, { addDocuments: () => play([PROGRESS, failed]) });
  await assert.rejects(failing, { code: "STORE_FULL" });
  await assert.rejects(isopod(docsAdd, {}, { addDocuments: () => play([PROGRESS]) }), {
    code: "GATEWAY_SILENT",
  });
});

test("docs add ends with 130 where it was interrupted, and says that it can go on", async () => {
  const within = async () => undefined;
  const { code, err } = await isopod(docsAdd, { within }, {});
  assert.equal(code, 130);
  assert.match(err, /What was read stays, and the same command goes on/);
});

test("docs list shows folders, what was left out, and how documents are found", async () => {
  const meaning = { why: "no model" };
  const list = {
    folders: [FOLDER, { ...FOLDER, name: "diary", private: true, indexedAt: null }],
    meaning,
  };
  const { out, err } = await isopod(docsList, {}, { documents: async () => list });
  assert.match(out, /papers\|3\|2\.0 MB\|50%\|whole\|\/home\/me\/papers\n/);
  assert.match(out, /diary\|.*\|unfinished, private\|/);
  assert.match(out, /papers: 2 files were left out\n {2}scan\.pdf: it has no text\n {2}…/);
  assert.match(err, /by words alone: no model/);
  const none = await isopod(docsList, {}, { documents: async () => ({ folders: [], meaning }) });
  assert.match(none.err, /Add one: isopod docs add DIR/);
});

test("docs search prints document and line, and ends with 1 where nothing was found", async () => {
  const hit = {
    document: "papers/a.pdf",
    line: 7,
    page: 2,
    text: "one\ntwo",
    changed: true as const,
  };
  const asked: object[] = [];
  const searchDocuments: Client["searchDocuments"] = async (body) => {
    asked.push(body);
    return { hits: [hit], meaning: false };
  };
  const call = { args: ["two", "words"], options: { limit: "3" } };
  const { code, out } = await isopod(docsSearch, call, { searchDocuments });
  assert.deepEqual([code, asked], [0, [{ query: "two words", limit: 3 }]]);
  assert.equal(out, "papers/a.pdf:7 (page 2, changed since)\n  one\n  two\n");
  const nothing = async () => ({ hits: [], meaning: false });
  assert.equal((await isopod(docsSearch, call, { searchDocuments: nothing })).code, 1);
});

test("docs rm takes a name as it is, and says that the files stay", async () => {
  const removeDocuments = async (name: string) => ({ name, path: "/home/me/papers" });
  const { out } = await isopod(docsRemove, { args: ["papers"] }, { removeDocuments });
  assert.match(out, /papers is not searched any more\. The files in \/home\/me\/papers stay\./);
});
