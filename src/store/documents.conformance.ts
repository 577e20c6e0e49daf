import assert from "node:assert/strict";
import { test } from "node:test";

import { next } from "./examples.ts";
import type { DocumentFolder, Store } from "./store.ts";

const folderOf = (change: Partial<DocumentFolder> = {}): DocumentFolder => {
  const id = next("fol");
  const path = `/home/kim/${id}`;
  return { id, owner: "kim", name: id, path, private: false, addedAt: 1, ...change };
};

/** What every store must do with folders of documents. */
export function testDocumentFolders(store: () => Store): void {
  test("a folder of documents comes back as it was added, private or not, by name", async () => {
    const { documents } = store();
    const second = folderOf({ owner: "lister", name: "b", private: true });
    const first = folderOf({ owner: "lister", name: "a" });
    for (const folder of [second, first]) assert.equal(await documents.add(folder), true);
    assert.deepEqual(await documents.list("lister"), [first, second]);
  });

  test("a person has each path and each name of a folder once, and another person may have it too", async () => {
    const { documents } = store();
    const folder = folderOf({ owner: "once" });
    await documents.add(folder);
    const same = { id: next("fol"), owner: "once" };
    assert.equal(await documents.add(folderOf({ ...same, path: folder.path })), false);
    assert.equal(await documents.add(folderOf({ ...same, name: folder.name })), false);
    assert.deepEqual(await documents.list("once"), [folder]);
    assert.equal(await documents.add({ ...folder, id: next("fol"), owner: "twice" }), true);
  });

  test("security: another person neither sees nor deletes a folder of documents", async () => {
    const { documents } = store();
    const folder = folderOf({ owner: "alice" });
    await documents.add(folder);
    assert.deepEqual(await documents.list("mallory"), []);
    assert.equal(await documents.delete("mallory", folder.id), false);
    assert.equal(await documents.delete("alice", folder.id), true, "the control: its owner does");
    assert.deepEqual(await documents.list("alice"), []);
  });
}
