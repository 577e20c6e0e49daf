import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Browser } from "playwright-core";

import { launch, openPaired, openStage, picture, skip } from "./browser.ts";

suite("the app when the internet goes down, in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("a banner says what is missing, why and since when, and goes by itself", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const banner = page.locator(".banner");
    assert.equal(await banner.count(), 0);
    const since = new Date().setHours(0, 7, 0, 0);
    stage.gateway.setStatus({
      mode: "internet",
      link: {
        state: "local",
        reason: "no default route",
        since,
        hinders: "there is a local network and no way to the internet (no default route)",
      },
    });
    await page.getByText("The internet cannot be reached.").waitFor();
    const text = await banner.innerText();
    assert.match(text, /Since (00:07|12:07\s?AM): no default route\. Models of this machine/);
    await picture(page, "offline");
    stage.gateway.setStatus({ link: { state: "online", reason: "a.example answered", since } });
    await banner.waitFor({ state: "detached" });
    assert.deepEqual(stage.complaints, []);
  });

  test("security: a reason is text, whatever a name of the network has in it", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const reason = '<img src=x onerror="document.title=1"> leads elsewhere';
    stage.gateway.setStatus({
      link: { state: "portal", reason, since: Date.now(), hinders: reason },
    });
    await page.getByText(reason).waitFor();
    assert.equal(await page.locator(".banner img").count(), 0);
  });

  test("a mode for a while says until when", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const until = new Date().setHours(23, 59, 0, 0);
    stage.gateway.setStatus({ mode: "internet", modeUntil: until });
    await page.getByRole("button", { name: "Network mode" }).click();
    await page.getByText(/It holds until (23:59|11:59\s?PM); then/).waitFor();
  });
});
