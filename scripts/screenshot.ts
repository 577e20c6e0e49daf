/**
 * `node scripts/screenshot.ts`: makes `docs/screenshot.png` of the app as a newcomer meets it: the real
 * gateway, the demonstration model, real files, and Chromium through pairing and a short conversation.
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { Page } from "playwright-core";

import { launch } from "../web/browser.ts";

const root = join(import.meta.dirname, "..");
const target = process.argv[2] ?? join(root, "docs/screenshot.png");

/** What is in the workspace before the first word. */
const FILES = {
  "garden.txt": "Sow peas in March",
  "trip.txt": "Train at seven, take tea",
};

/** Said one after the other. The demonstration model knows these kinds of request; see its card. */
const MESSAGES = ["What files do I have?", "Write buy bread and milk to shopping.txt"];

const folder = mkdtempSync(join(tmpdir(), "isopod-screenshot-"));
const gateway = startGateway();
try {
  await takePicture(await pairingAddress());
  console.log(`Wrote ${target}`);
} finally {
  gateway.kill("SIGTERM");
  await new Promise((resolve) => gateway.once("exit", resolve));
  rmSync(folder, { recursive: true });
}

function startGateway() {
  const home = join(folder, "home");
  const workspace = join(folder, "workspace");
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(workspace);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(workspace, name), text);
  // Whatever server this machine has, the picture shows what everybody gets.
  writeFileSync(join(home, "isopod.json"), '{ models: { mode: "replace" } }');
  return spawn(process.execPath, ["bin/isopod.cjs", "gateway", "run", "--json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      ISOPOD_HOME: home,
      ISOPOD_WORKSPACE: workspace,
      ISOPOD_GATEWAY_PORT: "0",
    },
  });
}

async function pairingAddress(): Promise<string> {
  for await (const line of createInterface({ input: gateway.stdout })) {
    return (JSON.parse(line) as { pairing: string }).pairing; // the contract of `gateway run --json`
  }
  throw new Error("the gateway ended before it was ready");
}

async function takePicture(address: string): Promise<void> {
  const browser = await launch();
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 860 },
      colorScheme: "light",
    });
    await page.goto(address);
    await page.getByLabel("Name of this device").fill("Desk");
    await page.getByRole("button", { name: "Pair" }).click();
    for (const [at, message] of MESSAGES.entries()) await say(page, message, at + 1);
    await page.locator(".turn details summary").last().click();
    await page.mouse.move(0, 0); // nothing is to look pointed at
    await page.screenshot({ path: target, animations: "disabled", caret: "hide" });
  } finally {
    await browser.close();
  }
}

/** Sends one message and waits for the end of its turn. */
async function say(page: Page, message: string, turns: number): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.keyboard.press("Enter");
  await page
    .locator(".turn")
    .nth(turns - 1)
    .locator(".markdown")
    .last()
    .waitFor();
  await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
}
