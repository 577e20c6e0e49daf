/** Local documents through the real process: read, searched, cited by a model. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { docx, pdf } from "../fakes/document-files.ts";
import { createMachine } from "./machine.ts";
import { startModel } from "./model-program.ts";

const FILES: Record<string, string | Buffer> = {
  "lease.md": "# Lease\n\nThe lease ends in March.",
  "계약.txt": "임대 계약은 3월에 끝납니다",
  "plan.pdf": pdf(["first page", "the canary is on the second"]),
  "letter.docx": docx(["Dear Miller", "the heron came back"]),
};

/** Beside the state folder, in which nothing is read. */
function write(t: TestContext): string {
  const top = mkdtempSync(join(tmpdir(), "isopod-papers-"));
  t.after(() => rmSync(top, { recursive: true }));
  const folder = join(top, "papers");
  mkdirSync(folder);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  return folder;
}

test("documents are read and found without a gateway that runs, behind the guard, and forgotten again", async (t) => {
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const folder = write(t);
  const told = await machine.json(0, ["docs", "add", folder, "--json"]);
  assert.deepEqual(told.map(({ type }) => type).slice(-2), ["progress", "done"]);
  const find = async (words: string) => {
    const [found] = await machine.json(0, ["docs", "search", words, "--json"]);
    return JSON.stringify(found?.["hits"]);
  };
  assert.match(await find("when does the lease end"), /"papers\/lease\.md","line":3/);
  assert.match(await find("계약"), /"papers\/계약\.txt","line":1/);
  assert.match(await find("canary"), /"papers\/plan\.pdf","line":2,"page":2/);
  assert.match(await find("heron"), /"papers\/letter\.docx","line":2/);
  await machine.json(1, ["docs", "search", "xylophone", "--json"]);
  const [list] = await machine.json(0, ["docs", "list", "--json"]);
  assert.match(JSON.stringify(list), /"files":4,.*"meaning":\{"why":/);
  await machine.json(0, ["docs", "rm", folder, "--json"]);
  const [gone] = await machine.json(1, ["docs", "search", "lease", "--json"]);
  assert.match(JSON.stringify(gone), /DOCUMENTS_NONE/);
});

test("a model finds a passage in the documents and is shown path and line", async (t) => {
  const ollama = await startModel(t, "ollama", {
    turns: [
      [{ call: "docs", arguments: '{"query":"lease"}' }],
      [{ text: "It ends in March (papers/lease.md:3)." }],
    ],
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  await machine.json(0, ["docs", "add", write(t), "--json"]);
  const ran = await machine.isopod(["chat", "when does my lease end?"]);
  assert.deepEqual([ran.code, ran.stdout], [0, "It ends in March (papers/lease.md:3).\n"]);
  const [asked, answered] = await ollama.chats();
  assert.ok(asked?.tools?.some((tool) => tool.function.name === "docs"));
  assert.match(
    String(answered?.messages.at(-1)?.content),
    /papers\/lease\.md:1\n# Lease\n\nThe lease ends in March/,
  );
  await gateway.stop();
});
