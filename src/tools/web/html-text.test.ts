import assert from "node:assert/strict";
import { test } from "node:test";

import { htmlToText } from "./html-text.ts";

const BASE = new URL("https://example.org/dir/page");
const NEVER = new AbortController().signal;
const read = async (html: string) => (await htmlToText(html, BASE, NEVER)).text;

test("headings, paragraphs, lists and rules of a page become lines of Markdown", async () => {
  assert.equal(
    await read(`<h1>A <em>title</em></h1><p>One
      paragraph<br>in two lines.</p><ul><li>first<li><p>second</p><ol><li>deeper</ol></ul><h2></h2>End`),
    "# A title\n\nOne paragraph\nin two lines.\n\n- first\n- second\n  - deeper\n\nEnd",
  );
});

test("tables are lines with bars, and code keeps its spaces", async () => {
  assert.equal(
    await read(
      `<table><tr><th>Name</th><th>Age</th></tr><tr><td>Kim</td><td>7</td></tr></table><pre>if x:\n    y</pre>`,
    ),
    "Name | Age\nKim | 7\n\nif x:\n    y",
  );
});

test("a link is shown with its full address, once; within the page, or out of the web, without one", async () => {
  assert.equal(
    await read(
      `<a href="../a?b=1#c">up</a>, <a href="#x">here</a>, <a href="javascript:x()">script</a>, <a href="mailto:a@b">mail</a>, <a href="https://x.example/"> </a>.`,
    ),
    "up (https://example.org/a?b=1#c), here, script, mail, .",
  );
});

test("images are their description, entities are their letters", async () => {
  assert.equal(
    await read(`<img src=x alt="a cat"> &amp; &eacute;&#xAC00;<img src=y>`),
    "[image: a cat] & é가",
  );
});

test("menus, scripts, styles, forms, frames and comments are left out, and what the page hides", async () => {
  const hidden = `script style noscript template svg iframe object nav footer form textarea select dialog`;
  for (const name of hidden.split(" ")) {
    assert.equal(await read(`<p>a</p><${name}>NO</${name}><p>b</p>`), "a\n\nb", name);
  }
  for (const attribute of [
    "hidden",
    'style="display:none"',
    'aria-hidden="true"',
    'style="opacity: 0"',
  ]) {
    assert.equal(
      await read(`<p>a</p><div ${attribute}>NO<p>NO</p></div><p>b</p>`),
      "a\n\nb",
      attribute,
    );
  }
  assert.equal(await read(`<p>a</p><!-- NO --><p style="opacity: 0.9">b</p>`), "a\n\nb");
});

test("a page that names its own text is read there; one whose own text is a stub is read whole", async () => {
  const long = "word ".repeat(60).trim();
  assert.equal(await read(`<div>beside</div><main><p>${long}</p></main><div>below</div>`), long);
  assert.equal(await read(`<div>beside</div><main>short</main>`), "beside\nshort");
});

test("a stop is passed on in the middle of a page", async () => {
  const control = new AbortController();
  const reason = new Error("stop was pressed");
  const reading = htmlToText("<p>".repeat(600_000), BASE, control.signal);
  setTimeout(() => control.abort(reason), 1);
  await assert.rejects(reading, reason);
});

test("the title is read apart", async () => {
  const { title, text } = await htmlToText(
    "<head><title> A \n title </title></head><body>text",
    BASE,
    NEVER,
  );
  assert.deepEqual([title, text], ["A title", "text"]);
});

test("broken HTML is read as far as it goes", async () => {
  assert.equal(await read("<p>a<b>b</p>c</i></div>"), "ab\n\nc");
  assert.equal(await read(""), "");
  assert.equal(await read("<"), "<");
});

test("security: a page made to take long is read in a moment, or not to its end", async () => {
  const pages = {
    "nested, and closed in vain": "<i>".repeat(75_000) + "</b>".repeat(75_000),
    "nested and never closed": "<div>".repeat(100_000),
    "tags without end": "<a ".repeat(125_000),
    attributes: `<a ${Array.from({ length: 50_000 }, (_, at) => `x${at}`).join(" ")}>`,
    entities: "&amp".repeat(125_000),
    comments: "<!--".repeat(125_000),
    paragraphs: "<p>".repeat(150_000),
    links: `<a href="x">y`.repeat(40_000),
    spaces: " ".repeat(500_000),
    items: "<ul><li>".repeat(60_000),
  };
  for (const [what, html] of Object.entries(pages)) {
    const start = performance.now();
    let turns = 0;
    const others = setInterval(() => (turns += 1), 1);
    const { isTooDeep } = await htmlToText(html, BASE, NEVER);
    const tookMs = performance.now() - start;
    clearInterval(others);
    assert.ok(tookMs < 5_000, `${what} took ${tookMs} ms`);
    assert.ok(turns > 0, `${what} let nobody else run`);
    if (what.startsWith("nested")) assert.ok(isTooDeep, what);
  }
});
