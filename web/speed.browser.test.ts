import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import type { AppGateway } from "../test/fakes/app-gateway.ts";
import { launch, openPaired, openStage, send, skip, until } from "./browser.ts";

const words = Array.from({ length: 400 }, (_, at) => (at % 20 === 19 ? "end.\n\n" : `word${at} `));

/** A conversation of so many messages, half of them questions. */
const history = (messages: number): Parameters<AppGateway["addSession"]>[2] =>
  Array.from(
    { length: messages / 2 },
    (_, at) =>
      [
        { turn: `t${at}`, role: "user", text: `Question ${at}` },
        {
          turn: `t${at}`,
          role: "assistant",
          text: `Answer **${at}**\n\n- one\n- two\n\n\`\`\`ts\nlet x = ${at};\n\`\`\``,
          toolCalls: [],
        },
      ] satisfies Parameters<AppGateway["addSession"]>[2],
  ).flat();

/** Where the last turn ends, seen from the lower edge of what is in view. */
const restPx = (page: Page) =>
  page
    .locator(".thread-scroll")
    .evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);

suite("the speed of the app in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("a fast answer changes its own last block, at most once a frame, and nothing else", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.addSession("Long", Date.now(), history(20));
    const page = await openPaired(stage);
    await page.getByRole("button", { name: "Long", exact: true }).click();
    await page.locator(".turn").first().waitFor();
    let start: () => void = () => undefined;
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "text", text: "Now: " });
      await new Promise<void>((resolve) => (start = resolve));
      for (const [at, word] of words.entries()) {
        turn.emit({ type: "text", text: word });
        // 200 tokens a second, in bursts as a busy machine sends them.
        if (at % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      turn.store({ role: "assistant", text: `Now: ${words.join("")}`, toolCalls: [] });
    };
    await send(page, "Go");
    await page.getByText("Now:").waitFor();
    await page.evaluate(() => {
      const seen = { elsewhere: 0, settled: 0, batches: 0, frames: 0 };
      Object.assign(window, { seen });
      const watch = (change: MutationRecord) => {
        const node = change.target instanceof Element ? change.target : change.target.parentElement;
        if (!node?.closest(".turn:last-of-type") && node?.closest(".turn")) seen.elsewhere++;
        // A block that has another after it is finished.
        if (node?.closest(".block:not(:last-child)")) seen.settled++;
      };
      new MutationObserver((changes) => {
        seen.batches++;
        changes.forEach(watch);
      }).observe(document.querySelector(".thread-column") ?? document, {
        subtree: true,
        childList: true,
        characterData: true,
      });
      const count = () => {
        seen.frames++;
        requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
    });
    start();
    await page.locator(".turn-foot").last().waitFor();
    await page.getByText("word398").waitFor();
    await until(
      () =>
        page
          .locator(".working, .stop")
          .count()
          .then((n) => n === 0),
      "the turn ends",
    );
    const seen = await page.evaluate(
      () => (window as unknown as { seen: Record<string, number> }).seen,
    );
    assert.equal(seen["elsewhere"], 0);
    assert.equal(seen["settled"], 0);
    assert.ok((seen["batches"] ?? 0) <= 2 * (seen["frames"] ?? 0) + 10, JSON.stringify(seen));
  });

  test("the view follows a growing answer, lets go when the person scrolls up, and comes back", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.addSession("Long", Date.now(), history(40));
    const page = await openPaired(stage);
    await page.getByRole("button", { name: "Long", exact: true }).click();
    await page.locator(".turn").first().waitFor();
    let next: () => void = () => undefined;
    stage.gateway.script = async (turn) => {
      for (let part = 0; part < 3; part++) {
        turn.emit({ type: "text", text: "Line\n\n".repeat(30) });
        await new Promise<void>((resolve) => (next = resolve));
      }
    };
    await send(page, "Go");
    await page.locator(".turn").last().locator(".block").nth(29).waitFor();
    await until(async () => (await restPx(page)) < 2, "the end is in view");
    await page.locator(".thread-scroll").hover();
    await page.mouse.wheel(0, -400);
    await page.getByRole("button", { name: "Go to the newest message" }).waitFor();
    const before = await page.locator(".thread-scroll").evaluate((element) => element.scrollTop);
    next();
    await page.locator(".turn").last().locator(".block").nth(59).waitFor();
    const after = await page.locator(".thread-scroll").evaluate((element) => element.scrollTop);
    assert.ok(Math.abs(after - before) < 2, `it stayed at ${before}, not ${after}`);
    await page.getByRole("button", { name: "Go to the newest message" }).click();
    next();
    await page.locator(".turn").last().locator(".block").nth(89).waitFor();
    await until(async () => (await restPx(page)) < 2, "the end is in view again");
    next();
  });

  test("of 2,000 messages the last ones are rendered, and earlier ones as one scrolls up", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.addSession("Huge", Date.now(), history(2_000));
    const page = await openPaired(stage);
    await page.getByRole("button", { name: "Huge", exact: true }).click();
    await page.getByText("Question 999").waitFor();
    assert.ok((await page.locator(".turn").count()) <= 60);
    const rendered = () => page.locator(".turn").count();
    const first = page.locator(".turn").first().locator(".user-text");
    const name = (await first.textContent()) ?? "";
    const marked = page.getByText(name, { exact: true });
    const before = await rendered();
    await marked.scrollIntoViewIfNeeded();
    await until(async () => (await rendered()) > before, "earlier turns come");
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    assert.ok(await marked.isVisible(), "what was in view still is");
    const { y = -1 } = (await marked.boundingBox()) ?? {};
    assert.ok(y >= 0 && y < 800, `what was in view still is, at ${y}`);
    await page.locator(".thread-scroll").hover();
    const beginning = page.getByText("Question 0", { exact: true });
    await until(async () => {
      await page.mouse.wheel(0, -20_000);
      return beginning.isVisible();
    }, "the beginning is reached");
  });
});
