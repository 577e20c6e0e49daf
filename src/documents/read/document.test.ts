import assert from "node:assert/strict";
import { test } from "node:test";

import { docx, odt, pdf, pptx, xlsx, zip } from "../../../test/fakes/document-files.ts";
import { kindOf, readDocument } from "./document.ts";
import { readHtml } from "./html.ts";
import { LeftOut } from "./text.ts";

const read = (name: string, bytes: Buffer | string) =>
  readDocument(Buffer.from(bytes), { name, kind: kindOf(name) ?? "text", onPage: () => {} });
const refuses = (name: string, bytes: Buffer | string, why: RegExp) =>
  assert.rejects(read(name, bytes), (error) => error instanceof LeftOut && why.test(error.message));

test("pictures, programs, archives and keys are no documents; what has no known ending is looked into", () => {
  for (const name of ["a.png", "b.EXE", "c.tar.gz", "d.gguf", "id.pem", "e.kdbx"]) {
    assert.equal(kindOf(name), undefined, name);
  }
  assert.deepEqual(["README", "a.rs", "b.HTM", "c.pdf", "d.docx"].map(kindOf), [
    "text",
    "text",
    "html",
    "pdf",
    "office",
  ]);
});

test("text is read in UTF-8, in UTF-16, and in what Korean and Western Windows wrote", async () => {
  const lines = async (bytes: Buffer) => (await read("a.txt", bytes)).lines;
  assert.deepEqual(await lines(Buffer.from("\ufeff한글\r\nb\n")), ["한글", "b"]);
  assert.deepEqual(await lines(Buffer.from("\ufeff한글\nb", "utf16le")), ["한글", "b"]);
  assert.deepEqual(await lines(Buffer.from("c7d1b1db0a62", "hex")), ["한글", "b"]);
  assert.deepEqual(await lines(Buffer.from("caf\xe9 cr\xe8me", "latin1")), ["café crème"]);
});

test("what is no text is left out, whatever it is called", async () => {
  await refuses("a.txt", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), /not text/);
  const noise = Buffer.from(Array.from({ length: 4000 }, (_, at) => 1 + ((at * 7919) % 31)));
  await refuses("a.md", noise, /not text/);
});

test("HTML keeps the lines of its source, and loses tags, scripts and styles", () => {
  const { lines } = readHtml(`<!doctype html><title>Page &amp; more</title>
<script>
  if (1 < 2) alert("no");
</script><style>p{}</style>
<p>First&nbsp;line with <b>bold</b> &#54620;&#xAE00;</p><!-- gone
gone --> 3 < 4`);
  assert.deepEqual(lines, ["Page & more", "", "", "", "First line with bold 한글", "3 < 4"]);
});

// Read over and over, each of these would take minutes.
test("security: HTML that never closes anything is read in one go", { timeout: 60_000 }, () => {
  for (const part of ["<", "<a ", "<script>", "<!--", "<a<script x=", "&#", "</script"]) {
    assert.ok(readHtml(part.repeat(300_000)).lines.length <= 1, part);
  }
});

test("office documents give their paragraphs, rows and slides", async () => {
  assert.deepEqual((await read("a.docx", docx(["One &lt;b&gt;", "둘"]))).lines, ["One <b>", "둘"]);
  assert.deepEqual((await read("a.odt", odt(["One"]))).lines, ["One and more"]);
  assert.deepEqual(await read("a.pptx", pptx(["First", "Second"])), {
    lines: ["First", "Second"],
    pages: [0, 1],
  });
  const { lines } = await read(
    "a.xlsx",
    xlsx([
      ["name", "sum"],
      ["Miller", "12"],
    ]),
  );
  assert.deepEqual(lines, ["name | sum | 7", "Miller | 12 | 8"]);
});

test("a PDF gives its lines and where each page begins", async () => {
  const pages: number[] = [];
  const bytes = pdf(["Hello there\nSecond line", "On page two"]);
  const text = await readDocument(bytes, {
    name: "a.pdf",
    kind: "pdf",
    onPage: () => void pages.push(1),
  });
  assert.deepEqual(text, { lines: ["Hello there", "Second line", "On page two"], pages: [0, 2] });
  assert.equal(pages.length, 2);
});

test("a PDF without text, one that is cut off and one that is none are left out", async () => {
  await refuses("a.pdf", pdf([""]), /no text/);
  await refuses("a.pdf", pdf(["Hello"]).subarray(0, 60), /damaged/);
  await refuses("a.pdf", "not a PDF", /damaged/);
});

test("security: an archive that unpacks without end, or lies about its sizes, is left out", async () => {
  const bomb = Buffer.alloc(80 * 1024 * 1024, "<w:t>a</w:t>");
  await refuses("a.docx", zip({ "word/document.xml": bomb }), /unpacks to more/);
  await refuses("a.docx", zip({ "word/document.xml": bomb }, 10), /unpacks to more/);
  const many = Object.fromEntries(
    Array.from({ length: 5 }, (_, at) => [`ppt/slides/slide${at}.xml`, bomb.subarray(0, 2 ** 24)]),
  );
  await refuses("a.pptx", zip(many), /unpacks to more/);
});

test("security: an archive that points beyond its end is left out", async () => {
  const whole = docx(["Hello"]);
  for (let at = whole.length - 70; at < whole.length; at++) {
    const broken = Buffer.from(whole);
    broken[at] = 0xff;
    await read("a.docx", broken).catch((error: unknown) => {
      assert.ok(error instanceof LeftOut, String(error));
    });
  }
  for (let length = 0; length < whole.length; length += 7) {
    await refuses("a.docx", whole.subarray(0, length), /damaged/);
  }
});
