/** The page against the real gateway's routes, auth, store, hub and files; only the agent follows a script. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { after, before, suite, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { openTestGateway, status } from "../test/fakes/gateway.ts";
import { defineRoute } from "../src/protocol/route.ts";
import { dist, launch, send, skip, until } from "./browser.ts";

const model = {
  ref: "fake/model",
  locality: "device",
  contextTokens: 8192,
  tools: true,
  demonstration: false,
  why: "It is the only one.",
};

async function openGateway(t: TestContext) {
  const gateway = await openTestGateway({
    site: dist,
    routes: [
      defineRoute({
        method: "GET",
        path: "/api/status",
        scope: "read",
        handle: async () => ({ ...status, model }),
      }),
    ],
  });
  t.after(gateway.close);
  return gateway;
}

async function pair(
  t: TestContext,
  browser: Browser,
  gateway: Awaited<ReturnType<typeof openGateway>>,
): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(8_000);
  t.after(() => context.close());
  const { json } = await gateway.call("POST", "/api/pairing-codes");
  const page = await context.newPage();
  await page.goto(`${gateway.url}/#pair=${json.code}`);
  await page.getByRole("button", { name: "Pair" }).click();
  await page.locator(".chips").waitFor();
  return page;
}

suite("the app and the gateway, in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("a code pairs once, an answer streams, and a reload shows it again", async (t) => {
    const gateway = await openGateway(t);
    const page = await pair(t, browser, gateway);
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await send(page, "Hi");
    await page.locator(".markdown", { hasText: "Hello there" }).waitFor();
    await page.reload();
    await page.locator(".markdown", { hasText: "Hello there" }).waitFor();
    assert.equal(await page.locator(".user").count(), 1);
    assert.deepEqual(complaints, []);
  });

  test("a tab that opens in mid-answer shows every word once", async (t) => {
    const gateway = await openGateway(t);
    const page = await pair(t, browser, gateway);
    const words = Array.from({ length: 600 }, (_, at) => `w${at} `);
    const compared = Promise.withResolvers<void>();
    let isOpen = false;
    gateway.agent.script = async function* () {
      for (const [at, text] of words.entries()) {
        yield { type: "text", text };
        // Until the second tab has read the session, and then for some frames more.
        if (at % 3 === 0 && (!isOpen || at > 300)) await new Promise((r) => setTimeout(r, 5));
      }
      // The stored message would hide what the stream did.
      await compared.promise;
      yield { type: "done", reason: "stop" };
    };
    await send(page, "Count");
    await page.getByText("w5 ").waitFor();
    const second = await page.context().newPage();
    await second.goto(page.url());
    await second.locator(".turn").waitFor();
    isOpen = true;
    const texts = async (tab: Page) =>
      ((await tab.locator(".markdown").textContent()) ?? "").trim();
    try {
      for (const tab of [page, second]) {
        await until(async () => (await texts(tab)).endsWith("w599"), "all of it is there");
        assert.equal(await texts(tab), words.join("").trim());
      }
      assert.equal(gateway.app.openStreams(), 1);
    } finally {
      compared.resolve();
    }
  });

  test("Stop reaches the agent, and a revoked device is sent back to pairing", async (t) => {
    const gateway = await openGateway(t);
    const page = await pair(t, browser, gateway);
    gateway.agent.script = async function* (_, signal) {
      yield { type: "text", text: "For ever" };
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    };
    await send(page, "Go on");
    await page.getByText("For ever").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".fault, .note", { hasText: "Stopped" }).waitFor();
    const { json } = await gateway.call("GET", "/api/devices");
    for (const { id } of json.devices) await gateway.call("DELETE", `/api/devices/${id}`);
    await page.getByText("its pairing was revoked").waitFor();
  });
});
