import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { launch, openPaired, openStage, picture, send, skip } from "./browser.ts";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const wide = "x".repeat(400);
/** One of everything that could be wider than a phone. */
const awkward = [
  `# ${wide}`,
  `A word: ${wide}, and \`${wide}\`, and https://example.org/${wide}`,
  "| one | two | three | four | five |\n|---|---|---|---|---|\n| aaaaaaaaaaaa | bbbbbbbbbbbb | cccccccccccc | dddddddddddd | eeeeeeeeeeee |",
  `\`\`\`\n${wide}\n\`\`\``,
  "1. a\n   - b\n     - c\n       - d",
  `> ${wide}`,
].join("\n\n");

/** Every element that sticks out of the page to the right, and does not scroll by itself. */
const sticksOut = (page: Page) =>
  page.evaluate(async () => {
    // What slides in sticks out on its way; what turns for ever does not move.
    const moving = document
      .getAnimations()
      .filter(({ effect }) => effect?.getTiming().iterations === 1);
    await Promise.all(moving.map(({ finished }) => finished));
    const width = document.documentElement.clientWidth;
    const isClipped = (element: Element) =>
      element.closest(
        ".code pre, .table, .step-body pre, .commands pre, .unseen, .list:not(.open), .step-line, .chips, .top-title, .row-title",
      ) !== null;
    const out = Array.from(document.querySelectorAll("body *"))
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !isClipped(element))
      .map((element) => `${element.tagName}.${element.className}`);
    return document.documentElement.scrollWidth > width ? ["the page itself", ...out] : out;
  });

suite("the layout in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("at 360 px nothing sticks out, whatever a model writes", async (t) => {
    const stage = await openStage(t, browser, PHONE);
    stage.gateway.addSession(wide, Date.now(), []);
    stage.gateway.status = {
      ...stage.gateway.status,
      workspace: `/home/${wide}`,
      notes: [{ code: "X", text: wide }],
    };
    const page = await openPaired(stage);
    await picture(page, "phone-empty");
    assert.deepEqual(await sticksOut(page), []);
    stage.gateway.script = async (turn) => {
      const call = { id: "c", tool: "run", input: { command: wide } };
      turn.store({ role: "assistant", text: awkward, toolCalls: [call] });
      turn.store({ role: "tool", callId: "c", tool: "run", ok: false, text: wide });
      turn.emit({ type: "usage", inputTokens: 1000, outputTokens: 20, contextTokens: 2048 });
      turn.store({ role: "notice", code: wide, text: wide, fix: wide });
      await turn.ask({ tool: "run", why: wide, command: wide });
    };
    await page.getByRole("textbox", { name: "Message" }).fill(wide);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("alertdialog").waitFor();
    await page.locator(".step summary").click();
    await picture(page, "phone-awkward");
    assert.deepEqual(await sticksOut(page), []);
    await page.getByRole("button", { name: "Sandbox:" }).click();
    await page.getByText("bubblewrap is not installed:").waitFor();
    await picture(page, "phone-status");
    assert.deepEqual(await sticksOut(page), []);
  });

  test("on a phone the list is a drawer: out of the order of Tab until it is opened", async (t) => {
    const stage = await openStage(t, browser, PHONE);
    stage.gateway.addSession("Other", Date.now(), [{ turn: "t", role: "user", text: "x" }]);
    const page = await openPaired(stage);
    const row = page.getByRole("button", { name: "Other", exact: true });
    assert.equal(await row.isVisible(), false);
    await page.getByRole("button", { name: "Show sessions" }).click();
    await row.waitFor();
    await picture(page, "phone-list");
    await row.click();
    await page.locator(".turn").waitFor();
    await page.locator(".list.open").waitFor({ state: "detached" });
  });

  test("Enter starts a new line where a finger types", async (t) => {
    const stage = await openStage(t, browser, PHONE);
    const page = await openPaired(stage);
    await send(page, "one");
    const field = page.getByRole("textbox", { name: "Message" });
    assert.equal(await field.inputValue(), "one\n");
    assert.equal(stage.gateway.messages.length, 0);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`in ${colorScheme}, every text has the contrast that WCAG AA asks for`, async (t) => {
      const stage = await openStage(t, browser, { colorScheme });
      const page = await openPaired(stage);
      stage.gateway.script = async (turn) => {
        turn.emit({ type: "reasoning", text: "Hm" });
        const call = { id: "c", tool: "run", input: { command: "ls" } };
        const text =
          "# Title\n\nText `code` [link](https://example.org)\n\n> quote\n\n```ts\nx\n```";
        turn.store({ role: "assistant", text, toolCalls: [call] });
        turn.store({ role: "tool", callId: "c", tool: "run", ok: false, text: "no" });
        turn.store({ role: "notice", code: "SOME_FAULT", text: "It failed", fix: "Mend it" });
        await turn.ask({ tool: "run", why: "Because", command: "rm x" });
      };
      await send(page, "Hi");
      await page.getByRole("alertdialog").waitFor();
      await page.locator(".step summary").click();
      await page.locator(".demo summary").click();
      await picture(page, `chat-${colorScheme}`);
      assert.deepEqual(await faintTexts(page), []);
      await page.getByRole("button", { name: "Network mode" }).click();
      await page.locator(".models").waitFor();
      await picture(page, `status-${colorScheme}`);
      assert.deepEqual(await faintTexts(page), []);
      const page0 = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(page0, colorScheme === "light" ? "rgb(251, 252, 251)" : "rgb(18, 24, 26)");
    });
  }

  test("everything can be reached and seen with the keyboard alone", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.addSession("Other", Date.now(), [{ turn: "t", role: "user", text: "x" }]);
    const page = await openPaired(stage);
    const names: string[] = [];
    for (let step = 0; step < 20; step++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        // After the last element the focus leaves the page, and comes back at the first.
        const element = document.activeElement === document.body ? null : document.activeElement;
        const outline = element && getComputedStyle(element.closest(".composer-box") ?? element);
        const name = element?.getAttribute("aria-label") ?? element?.textContent ?? "";
        return { name, isMarked: outline?.outlineStyle !== "none" };
      });
      assert.ok(focused.isMarked || focused.name === "", `the focus shows on "${focused.name}"`);
      names.push(focused.name);
    }
    for (const name of ["New session", "Other", "Rename “Other”", "Delete “Other”", "Message"]) {
      assert.ok(names.includes(name), `Tab reaches "${name}"`);
    }
  });
});

/** Texts whose colour is too near to what is behind them: under 4.5:1, or 3:1 for large ones. */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = [r: number, g: number, b: number, a: number];
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const parse = (css: string): Colour => {
      canvas?.clearRect(0, 0, 1, 1);
      if (canvas) canvas.fillStyle = css;
      canvas?.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = canvas?.getImageData(0, 0, 1, 1).data ?? [];
      return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a]: Colour, [x, y, z]: Colour): Colour => [
      r * a + x * (1 - a),
      g * a + y * (1 - a),
      b * a + z * (1 - a),
      1,
    ];
    const luminance = ([r, g, b]: Colour) => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element: Element): Colour => {
      const own = parse(getComputedStyle(element).backgroundColor);
      if (own[3] === 1 || !element.parentElement) return own;
      return over(own, behind(element.parentElement));
    };
    const isShown = (element: Element) =>
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.closest(".unseen, :disabled, svg") &&
      element.getBoundingClientRect().width > 1;
    return Array.from(document.querySelectorAll("body *"))
      .filter((element) =>
        Array.from(element.childNodes).some(
          (node) => node.nodeType === 3 && node.nodeValue?.trim(),
        ),
      )
      .filter(isShown)
      .flatMap((element) => {
        const style = getComputedStyle(element);
        const back = behind(element);
        const [a, b] = [luminance(over(parse(style.color), back)), luminance(back)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const isLarge = parseFloat(style.fontSize) >= 24;
        return ratio >= (isLarge ? 3 : 4.5)
          ? []
          : [`${ratio.toFixed(2)} ${element.className}: ${element.textContent?.slice(0, 40)}`];
      });
  });
}
