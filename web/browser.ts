/** What the page's tests in a real browser share: Chromium, a fake gateway, and pages that are paired with it. */

import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

import type { AppGateway } from "../test/fakes/app-gateway.ts";
import { CODE, openAppGateway } from "../test/fakes/app-gateway.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const dist = join(import.meta.dirname, "dist");

/** Why these tests cannot run here; false where they can. */
export const skip = !existsSync(executablePath) && `Chromium is not at ${executablePath}`;

/** No sandbox: CI runs as root. The rest keeps Chromium from calling home on its own. */
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Stage = {
  gateway: AppGateway;
  context: BrowserContext;
  /** Another tab of the same browser. */
  openPage(path?: string): Promise<Page>;
  /** What a person must never see: errors on the console, and everything the policy had to stop. */
  complaints: string[];
};

/** Playwright gives each launch a profile of its own under the temporary folder, and removes it. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS });
}

export async function openStage(
  t: TestContext,
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Stage> {
  const gateway = await openAppGateway(dist);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  // Nothing here takes long; what does not happen in this time does not happen.
  context.setDefaultTimeout(8_000);
  const complaints: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  context.on("weberror", (error) => void complaints.push(String(error.error())));
  t.after(async () => {
    await context.close();
    await gateway.close();
  });
  const openPage = async (path = "/") => {
    const page = await context.newPage();
    await page.goto(gateway.url + path);
    return page;
  };
  return { gateway, context, openPage, complaints };
}

/** A page as a person has it after pairing, with everything loaded. */
export async function openPaired({ openPage }: Stage): Promise<Page> {
  const page = await openPage(`/#pair=${CODE}`);
  await page.getByRole("button", { name: "Pair" }).click();
  await page.locator(".chips").waitFor();
  return page;
}

export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
}

/** Saved where a person can look at them; never compared, for fonts differ from machine to machine. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(tmpdir(), `isopod-app-${name}.png`) });
}

/** Waits for something that has no element to wait for. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 400) throw new Error(`It never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
