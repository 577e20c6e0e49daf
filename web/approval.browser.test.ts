import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Browser } from "playwright-core";

import type { Decision } from "../src/protocol/event.ts";
import { launch, openPaired, openStage, send, skip } from "./browser.ts";

suite("approvals in the app", { skip }, () => {
  let browser: Browser;
  before(async () => void (browser = await launch()));
  after(() => browser.close());

  test("a question that can be answered for longer offers it, and says for what", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const { promise: decided, resolve } = Promise.withResolvers<Decision>();
    stage.gateway.script = async ({ ask }) => {
      const question = { tool: "web_fetch", why: "It reads a page", command: "web_fetch" };
      resolve(await ask({ ...question, lasting: "web:example.org" }));
    };
    await send(page, "Read it");
    const card = page.getByRole("alertdialog");
    await card.getByText("allow web:example.org as a whole").waitFor();
    assert.deepEqual(await card.getByRole("button").allInnerTexts(), [
      "Allow once",
      "Allow in this session",
      "Always allow",
      "Deny",
    ]);
    await card.getByRole("button", { name: "Always allow" }).click();
    assert.equal(await decided, "allow-always");
  });

  test("a question that can be answered for one call only offers no more", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.script = async ({ ask }) => {
      await ask({ tool: "run", why: "It runs", command: "ls" });
    };
    await send(page, "Run it");
    const card = page.getByRole("alertdialog");
    await card.waitFor();
    assert.deepEqual(await card.getByRole("button").allInnerTexts(), ["Allow once", "Deny"]);
  });
});
