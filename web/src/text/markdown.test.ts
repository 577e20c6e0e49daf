import assert from "node:assert/strict";
import { test } from "node:test";

import { createMarkdownReader } from "./markdown.ts";

const html = (text: string) =>
  createMarkdownReader()
    .read(text)
    .map((block) => block.html.trim());

test("a text becomes a block for each paragraph, list and fence", () => {
  assert.deepEqual(html("One\n\n- a\n- b\n\n```ts\nlet x;\n```"), [
    "<p>One</p>",
    "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
    '<pre><code class="language-ts">let x;\n</code></pre>',
  ]);
});

test("a line break of the model is one on the page", () => {
  assert.deepEqual(html("a\nb"), ["<p>a<br>b</p>"]);
});

test("a fence that is still open is code already", () => {
  assert.match(html("```js\nlet x").join(""), /<pre><code class="language-js">let x/);
});

test("while a text grows, only its last block is another object", () => {
  const reader = createMarkdownReader();
  const before = reader.read("One\n\nTwo");
  const after = reader.read("One\n\nTwo and\n\nThree");
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
  assert.equal(after.length, 3);
});

test("a link may be defined after it is used, also while the text grows", () => {
  const reader = createMarkdownReader();
  reader.read("See [this][1].");
  const [grown] = reader.read("See [this][1].\n\n[1]: https://example.org");
  assert.match(grown?.html ?? "", /<a href="https:\/\/example\.org">this/);
  assert.match(
    html("See [this][1].\n\n[1]: https://example.org").join(""),
    /https:\/\/example\.org/,
  );
});

test("security: no text keeps the page from being shown", () => {
  for (const text of [
    ">".repeat(5000),
    "- ".repeat(5000),
    "> - ".repeat(3000),
    "[".repeat(20_000),
  ]) {
    const blocks = createMarkdownReader().read(`${text}<b>`);
    assert.ok(blocks.length > 0);
    assert.ok(blocks.every(({ html }) => typeof html === "string"));
  }
});

test("security: no text holds the page up: tangled marks and endless quotes are shown as they were written", () => {
  const tangles = ["~~a~ ", "_a__", "a*b**", "[a](", "![", "*a_ ", "<a ", "http://a(", "\\"];
  const deep = ["> ", "1. ", "- ", "* ", "> 1. "];
  for (const unit of [...tangles, ...deep]) {
    const text = unit.repeat(Math.ceil(100_000 / unit.length));
    const startedMs = performance.now();
    const shown = html(text).join("");
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 1_500, `${JSON.stringify(unit)}: ${Math.round(tookMs)} ms`);
    assert.ok(shown.length >= text.length, unit);
    assert.doesNotMatch(shown, /<a |<img/, unit);
  }
});

test("security: what is shown as it was written is text and no HTML", () => {
  const [shown = ""] = html("<img src=x onerror=alert(1)> ".repeat(2_000));
  assert.doesNotMatch(shown.slice(0, 3), /<i/);
  const tangled = html(`a <b>${"~~a~ ".repeat(2_000)}`).join("");
  assert.match(tangled, /a &lt;b&gt;/);
});
