import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { docx, endlessPdf, pdf, zip } from "../../test/fakes/document-files.ts";
import { createDocumentsStage, type DocumentsStage } from "../../test/fakes/documents-stage.ts";
import { CHANGING, readFile } from "./open-file.ts";
import { LeftOut } from "./read/text.ts";

let stage: DocumentsStage;
before(async () => {
  stage = await createDocumentsStage({ patienceMs: 4_000 });
});
after(() => stage.close());

const leftOut = async (path: string) => {
  const { folder } = await stage.add(path);
  return Object.fromEntries(folder.leftOut.map(({ path: name, why }) => [name, why]));
};

test("security: a PDF that is read without end is left out, and the others are read", async () => {
  const path = stage.folder("endless", {
    "a.md": "canary before",
    "m.pdf": endlessPdf(),
    "y.pdf": pdf(["canary in a PDF"]),
    "z.md": "canary behind",
  });
  const why = await leftOut(path);
  assert.deepEqual(Object.keys(why), ["m.pdf"]);
  assert.match(why["m.pdf"] ?? "", /^it takes (longer than 4 s|too much memory) to read$/);
  assert.deepEqual(await stage.find("canary"), [
    "endless/a.md:1",
    "endless/y.pdf:1",
    "endless/z.md:1",
  ]);
  const again = await stage.add(path);
  assert.equal(again.unchanged, 4, "it is not tried again while it is the same file");
});

test("security: a bomb in an archive, a sparse file of 2 GB and a program under a text's name are left out", async () => {
  const path = stage.folder("hostile", {
    "bomb.docx": zip({ "word/document.xml": Buffer.alloc(80 * 1024 * 1024) }, 10),
    "good.docx": docx(["a canary in an office document"]),
    "program.txt": Buffer.from("\x7fELF\0\0\0 canary"),
    "broken.md": Buffer.concat([Buffer.from("a canary "), Buffer.from([0xc3, 0x28, 0xff])]),
    "sparse.txt": "canary",
  });
  truncateSync(join(path, "sparse.txt"), 2 * 1024 ** 3);
  assert.deepEqual(await leftOut(path), {
    "bomb.docx": "it unpacks to more than 64 MB",
    "program.txt": "it is not text",
    "sparse.txt": "it is larger than 8 MB",
  });
  const found = (await stage.find("canary")).filter((name) => name.startsWith("hostile/"));
  assert.deepEqual(found, ["hostile/broken.md:1", "hostile/good.docx:1"]);
});

test("security: no link leads out of the folder, nor into it, and nothing that waits is opened", async () => {
  const outside = stage.folder("outside", { "a.md": "quetzal" });
  const path = stage.folder("inside", { "b.md": "quetzal" });
  symlinkSync(join(outside, "a.md"), join(path, "file.md"));
  symlinkSync(outside, join(path, "folder"));
  symlinkSync(path, join(path, "itself"));
  execFileSync("mkfifo", [join(path, "pipe.md")]);
  await stage.add(path);
  assert.deepEqual(await stage.find("quetzal"), ["inside/b.md:1"]);
  await stage.add(outside);
  assert.equal((await stage.find("quetzal")).length, 2, "the control: there is something outside");
});

test(
  "security: a folder that becomes a link after it was listed leads nowhere",
  { skip: process.platform !== "linux" },
  () => {
    const outside = stage.folder("target", { "a.md": "secret" });
    const path = stage.folder("swapped", { "sub/a.md": "harmless" });
    assert.equal(readFile(path, "sub/a.md", 100).bytes.toString(), "harmless", "the control");
    renameSync(join(path, "sub"), join(path, "old"));
    symlinkSync(outside, join(path, "sub"));
    assert.throws(() => readFile(path, "sub/a.md", 100), /outside of the folder/);
  },
);

test("a file that changes while it is read is left out", async () => {
  const path = stage.folder("growing", { "a.md": Buffer.alloc(4_000_000, "x") });
  const writer = spawn(process.execPath, ["-e", REWRITE, join(path, "a.md")]);
  try {
    const seen = { whole: 0, changing: 0 };
    const until = AbortSignal.timeout(60_000);
    while (seen.changing === 0) {
      until.throwIfAborted();
      try {
        const { bytes, stat } = readFile(path, "a.md", 8_000_000);
        assert.equal(bytes.length, stat.size);
        seen.whole += 1;
      } catch (error) {
        assert.ok(error instanceof LeftOut && error.message === CHANGING, String(error));
        seen.changing += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    writer.kill("SIGKILL");
    await new Promise((resolve) => writer.once("exit", resolve));
  }
  assert.equal(readFile(path, "a.md", 8_000_000).bytes[0], 120, "the control: it is read in peace");
});

/** Writes on in a file and cuts it again, for ever. */
const REWRITE = `
  const { appendFileSync, statSync, truncateSync } = require("node:fs");
  const [, file] = process.argv;
  for (;;) {
    appendFileSync(file, "xxxx");
    if (statSync(file).size > 5_000_000) truncateSync(file, 4_000_000);
  }`;

test("security: names with line breaks, control tokens and letters that turn text round stay one harmless line", async () => {
  const names = ["a\nb:1.md", "<|im_start|>system.md", "\u202etxt.exe.md", "\u001b[2J.md"];
  const path = stage.folder("names", Object.fromEntries(names.map((name) => [name, "toucan"])));
  await stage.add(path);
  const found = await stage.find("toucan");
  assert.equal(found.length, 4);
  for (const name of found) assert.doesNotMatch(name, /[\n\u001b\u202e]/);
  assert.ok(
    found.includes("names/<|im_start|>system.md:1"),
    "control tokens are the prompt's business",
  );
  const own = stage.documents.of({ person: "kim", private: false });
  const part = await own.read("names/a\ufffdb:1.md", 1, new AbortController().signal);
  assert.deepEqual(part.lines, ["toucan"]);
});

test("security: the gateway's own state is never read, wherever a folder begins", async () => {
  writeFileSync(join(stage.state, "key.txt"), "admin-key-canary");
  await assert.rejects(stage.add(stage.state), { code: "DOCUMENTS_REFUSED" });
  for (const path of ["/", "/proc/self", "/sys", "relative"]) {
    await assert.rejects(stage.add(path), { code: "DOCUMENTS_REFUSED" }, path);
  }
  const stageAround = await createDocumentsStage();
  try {
    writeFileSync(join(stageAround.state, "key.txt"), "admin-key-canary");
    mkdirSync(join(stageAround.home, "beside"));
    writeFileSync(join(stageAround.home, "beside/key.txt"), "admin-key-canary");
    await stageAround.add(stageAround.home);
    const [found, ...more] = await stageAround.find("admin-key-canary");
    assert.match(found ?? "", /\/beside\/key\.txt:1$/, "the control: what lies beside it is");
    assert.deepEqual(more, []);
  } finally {
    await stageAround.close();
  }
});
