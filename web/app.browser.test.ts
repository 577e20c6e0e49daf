import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import type { Play } from "../test/fakes/app-gateway.ts";
import { CODE } from "../test/fakes/app-gateway.ts";
import { refuse } from "../test/fakes/app-http.ts";
import { launch, openPaired, openStage, picture, send, skip, until } from "./browser.ts";

/** One red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/** A turn that a test holds in its hand: it goes on when `next` is called. */
function holdTurn() {
  let next: () => void = () => undefined;
  const step = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      next = resolve;
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { step, next: () => next() };
}

const answer = (text: string) => async (turn: Play) => {
  turn.emit({ type: "text", text });
  turn.store({ role: "assistant", text, toolCalls: [] });
};
/** The paragraphs of answers; what a screen reader is told stands elsewhere and is not counted. */
const said = (page: Page, text: string) =>
  page.locator(".markdown p").getByText(text, { exact: true });
const turns = (page: Page) => page.locator(".turn");

suite("the app in Chromium", { skip }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("a code in the address pairs the browser, and is gone from the address at once", async (t) => {
    const stage = await openStage(t, browser);
    const page = await stage.openPage(`/#pair=${CODE}`);
    assert.equal(await page.getByLabel("Pairing code").inputValue(), CODE);
    assert.equal(new URL(page.url()).hash, "#/");
    await page.getByLabel("Name of this device").fill("Kim's desk");
    await picture(page, "pair");
    await page.getByRole("button", { name: "Pair" }).click();
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
    assert.deepEqual(stage.gateway.devices, ["Kim's desk"]);
    assert.ok(stage.gateway.requests.every((request) => !request.includes(CODE)));
    await page.reload();
    await page.locator(".chips").waitFor();
    assert.deepEqual(stage.complaints, []);
  });

  test("an image is attached, goes with the message, and stands in the conversation afterwards", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.script = answer("A red square.");
    const png = { name: "red.png", mimeType: "image/png", buffer: Buffer.from(PIXEL, "base64") };
    const chooser = page.getByLabel("Attach an image").and(page.locator("input"));
    await chooser.setInputFiles([png, { ...png, name: "blue.png" }]);
    await page.getByRole("button", { name: "Remove blue.png" }).click();
    await chooser.setInputFiles([
      { name: "a.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg/>") },
    ]);
    await page.getByText("it is no PNG, JPEG, WebP or GIF image").waitFor();
    await picture(page, "attached");

    await send(page, "What is it?");
    await said(page, "A red square.").waitFor();
    assert.equal(await page.locator(".composer .thumbnail").count(), 0);
    const shown = page.locator(".turn img");
    await shown.waitFor();
    const look = () =>
      shown.evaluate((image: HTMLImageElement) => [
        image.src.slice(0, 5),
        image.naturalWidth,
        image.alt,
      ]);
    await until(async () => (await look())[1] === 1, "the image is there");
    assert.deepEqual(await look(), ["blob:", 1, "red.png"]);
    await page.reload();
    await until(async () => (await look())[1] === 1, "the image is there after a reload");
    assert.deepEqual(stage.complaints, []);
  });

  test("a wrong code is refused with what to do", async (t) => {
    const stage = await openStage(t, browser);
    const page = await stage.openPage();
    await page.getByLabel("Pairing code").fill("wrong-code");
    await page.keyboard.press("Enter");
    await page.getByText("PAIRING_REFUSED").waitFor();
  });

  test("a device that is revoked comes back to pairing, and is told so", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.isRevoked = true;
    stage.gateway.cut();
    await page.getByText("its pairing was revoked").waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem("isopod.pairing")), null);
  });

  test("an answer streams in as Markdown, and its code can be copied", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "waiting", on: "model", text: "reading 9,200 tokens, about 40 s" });
      await held.step(turn.signal);
      turn.emit({ type: "text", text: "So **bo" });
      await held.step(turn.signal);
      await answer("So **bold**:\n\n```sh\nls -la\n```")(turn);
    };
    await send(page, "Hi");
    await page.getByText("reading 9,200 tokens, about 40 s").waitFor();
    held.next();
    await page.getByText("So **bo").waitFor();
    held.next();
    await page.locator(".markdown strong", { hasText: "bold" }).waitFor();
    await page.locator(".code").getByRole("button", { name: "Copy" }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "ls -la\n");
    assert.equal(await turns(page).count(), 1);
    assert.match(page.url(), /#\/s\/ses_/);
    assert.deepEqual(stage.complaints, []);
  });

  test("a tool call is one line that unfolds to its input and output", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      const call = { id: "c1", tool: "read", input: { path: "todo.md" } };
      turn.emit({ type: "tool-call", ...call });
      await held.step(turn.signal);
      turn.store({ role: "assistant", text: "", toolCalls: [call] });
      turn.emit({ type: "tool-result", id: "c1", tool: "read", ok: false, output: "<b>gone</b>" });
      turn.store({ role: "tool", callId: "c1", tool: "read", ok: false, text: "<b>gone</b>" });
      await answer("It is not there.")(turn);
    };
    await send(page, "Read it");
    await page.locator(".step.running", { hasText: "Reading todo.md" }).click();
    await page.locator(".step[open]").getByText('"path": "todo.md"').waitFor();
    held.next();
    // Still open, although what it shows is a stored message now.
    await page.locator(".step.failed[open]", { hasText: "Read todo.md" }).waitFor();
    await page.locator(".step-body").getByText("<b>gone</b>").waitFor();
    await picture(page, "step");
  });

  test("Stop ends the turn, and says so", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "text", text: "For ever and" });
      await held.step(turn.signal);
    };
    await send(page, "Go on");
    await page.getByText("For ever and").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped: the turn was ended by a person").waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    assert.equal(await page.getByText("Stopped: the turn").count(), 1);
  });

  test("what is sent while a turn runs waits below it, then gets its answer", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "text", text: `Answer to ${turn.text}` });
      if (turn.text === "one") await held.step(turn.signal);
      turn.store({ role: "assistant", text: `Answer to ${turn.text}`, toolCalls: [] });
    };
    await send(page, "one");
    await said(page, "Answer to one").waitFor();
    await send(page, "two");
    await page.getByText("Queued: sent once the running turn ends").waitFor();
    held.next();
    await said(page, "Answer to two").waitFor();
    const texts = await turns(page).allInnerTexts();
    assert.equal(texts.length, 2);
    assert.match(texts[0] ?? "", /one[^]*Answer to one/);
  });

  test("tabs share one stream, and when the one that reads closes nothing is lost", async (t) => {
    const stage = await openStage(t, browser);
    const first = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      for (const word of ["alpha ", "beta ", "gamma"]) {
        turn.emit({ type: "text", text: word });
        await held.step(turn.signal);
      }
      turn.store({ role: "assistant", text: "alpha beta gamma", toolCalls: [] });
    };
    await send(first, "Count");
    await first.getByText("alpha").waitFor();
    const second = await stage.openPage(new URL(first.url()).hash.replace("#", "/#"));
    await second.getByText("alpha").waitFor();
    assert.equal(stage.gateway.openStreams(), 1);
    held.next();
    await second.getByText("alpha beta").waitFor();
    await first.close();
    await until(() => stage.gateway.streamsOpened.length === 2, "the second tab reads");
    held.next();
    await said(second, "alpha beta gamma").waitFor();
    assert.equal(stage.gateway.openStreams(), 1);
    assert.notEqual(stage.gateway.streamsOpened[1], null);
  });

  test("a cut in mid-answer is taken up where it was: no word is lost or doubled", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const held = holdTurn();
    stage.gateway.script = async (turn) => {
      turn.emit({ type: "text", text: "One " });
      await held.step(turn.signal);
      turn.emit({ type: "text", text: "two " });
      turn.emit({ type: "text", text: "three" });
      await held.step(turn.signal);
    };
    await send(page, "Count");
    await page.getByText("One").waitFor();
    stage.gateway.cut();
    await until(() => stage.gateway.openStreams() === 0, "the stream is cut");
    held.next();
    await said(page, "One two three").waitFor();
  });

  test("a gateway that goes away is reported, and what is written meanwhile is sent once", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.script = async (turn) => answer(`Answer to ${turn.text}`)(turn);
    await send(page, "before");
    await said(page, "Answer to before").waitFor();
    await stage.gateway.goAway();
    await page.getByText("Connection to the gateway lost.").waitFor();
    await send(page, "meanwhile");
    await page.getByText("Not sent yet").waitFor();
    await picture(page, "lost");
    await stage.gateway.comeBack();
    await page.getByRole("button", { name: "Try now" }).click();
    await said(page, "Answer to meanwhile").waitFor();
    await page.getByText("Connection to the gateway lost.").waitFor({ state: "detached" });
    assert.equal(await page.getByText("meanwhile", { exact: true }).count(), 1);
    assert.equal(await turns(page).count(), 2);
  });

  test("an answer of the gateway that is lost on the way does not double the message", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.script = answer("Once.");
    let posts = 0;
    await page.route("**/messages", async (route) => {
      posts += 1;
      if (posts > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    // The event of the message would hide the fault: this is about the request alone.
    await page.route("**/api/events*", (route) => (posts > 1 ? route.continue() : route.abort()));
    stage.gateway.cut();
    await until(() => stage.gateway.openStreams() === 0, "the stream is cut");
    await send(page, "Only once");
    await said(page, "Once.").waitFor();
    assert.ok(posts >= 2);
    assert.equal(stage.gateway.messages.filter(({ role }) => role === "user").length, 1);
    assert.equal(await page.locator(".user").count(), 1);
  });

  test("a refused message keeps its text, says why, and can be taken back", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.messageFault = refuse(507, "DISK_FULL", "Cannot store it: the disk is full");
    await send(page, "Precious words");
    await page.getByText("DISK_FULL").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    const field = page.getByRole("textbox", { name: "Message" });
    await page.locator(".user").waitFor({ state: "detached" });
    assert.equal(await field.inputValue(), "Precious words");
  });

  test("Enter sends, Shift+Enter does not, nor does Enter in a Korean composition", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const field = page.getByRole("textbox", { name: "Message" });
    await field.focus();
    const keyboard = await page.context().newCDPSession(page);
    await keyboard.send("Input.imeSetComposition", {
      text: "한",
      selectionStart: 1,
      selectionEnd: 1,
    });
    await keyboard.send("Input.dispatchKeyEvent", {
      type: "rawKeyDown",
      key: "Enter",
      code: "Enter",
      windowsVirtualKeyCode: 229,
    });
    assert.equal(await field.inputValue(), "한");
    await keyboard.send("Input.insertText", { text: "한글" });
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("b");
    assert.equal(await field.inputValue(), "한글\nb");
    assert.equal(stage.gateway.messages.length, 0);
    await page.keyboard.press("Enter");
    await until(() => stage.gateway.messages.length === 1, "the message is sent");
    assert.equal(await field.inputValue(), "");
  });

  test("each session keeps its own draft, also over a reload", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.addSession("Other", Date.now(), [{ turn: "t", role: "user", text: "x" }]);
    const page = await openPaired(stage);
    const field = page.getByRole("textbox", { name: "Message" });
    await field.fill("half a thought");
    await page.getByRole("button", { name: "Other", exact: true }).click();
    await page.locator(".turn").waitFor();
    assert.equal(await field.inputValue(), "");
    await page.getByRole("button", { name: "New session" }).click();
    await page.reload();
    await page.locator(".chips").waitFor();
    assert.equal(await field.inputValue(), "half a thought");
  });

  test("a private session carries its mark in the list and above the conversation", async (t) => {
    const stage = await openStage(t, browser);
    const text = [{ turn: "t", role: "user" as const, text: "x" }];
    stage.gateway.addSession("Plain", Date.now(), text);
    stage.gateway.addSession("Taxes", Date.now(), text, { private: true });
    const page = await openPaired(stage);
    const rows = page.getByRole("button", { name: /no model beyond your own machines/ });
    await rows.waitFor();
    assert.equal(await rows.count(), 1);
    await rows.click();
    await page.getByRole("heading", { name: /^Private: .*Taxes$/ }).waitFor();
  });

  test("a session is renamed in its row, and deleted after a question", async (t) => {
    const stage = await openStage(t, browser);
    const id = stage.gateway.addSession("Old", Date.now(), [
      { turn: "t", role: "user", text: "x" },
    ]);
    const page = await openPaired(stage);
    await page.locator(".row").hover();
    await page.getByRole("button", { name: "Rename “Old”" }).click();
    await page.getByLabel("Title of the session").fill("Fresh");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Fresh", exact: true }).click();
    await page.getByRole("heading", { name: "Fresh" }).waitFor();
    await page.locator(".row").hover();
    await page.getByRole("button", { name: "Delete “Fresh”" }).click();
    await page.getByRole("dialog").getByText("cannot be undone").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(stage.gateway.sessions.has(id));
    await page.locator(".row").hover();
    await page.getByRole("button", { name: "Delete “Fresh”" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
    assert.ok(!stage.gateway.sessions.has(id));
  });

  test("an approval shows exactly what would run, and what a person decides arrives", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    const command = "rm -rf <b>x</b> && echo '\\u001b[2J'";
    stage.gateway.script = async (turn) => {
      const decision = await turn.ask({ tool: "run", why: "It uses a network", command });
      await answer(`It was: ${decision}`)(turn);
    };
    await send(page, "Do it");
    const card = page.getByRole("alertdialog");
    assert.equal(await card.locator("pre").innerText(), command);
    await card.getByRole("button", { name: "Deny" }).click();
    await said(page, "It was: deny").waitFor();
    assert.equal(await card.count(), 0);
  });

  test("an approval of another session is announced, and one click away", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    stage.gateway.script = async (turn) => {
      await turn.ask({ tool: "run", why: "It uses a network", command: "curl" });
    };
    await send(page, "Do it");
    await page.getByRole("alertdialog").waitFor();
    await page.getByRole("button", { name: "New session" }).click();
    await page.getByText("Another session waits for your approval.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByRole("alertdialog").waitFor();
  });

  test("the mode is switched where it is explained, and a refusal is shown there", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    await page.getByRole("button", { name: "Network mode" }).click();
    await page.locator("label.choice", { has: page.locator("input[value=device]") }).click();
    await until(() => stage.gateway.status.mode === "device", "the mode is set");
    stage.gateway.modeFault = refuse(403, "MODE_CAPPED", "Cannot widen the mode: offline is set");
    await page.locator("label.choice", { has: page.locator("input[value=internet]") }).click();
    await page.getByText("MODE_CAPPED").waitFor();
    assert.ok(await page.locator("input[value=device]").isChecked());
  });

  test("a demonstration model is labelled, with the commands that get a real one", async (t) => {
    const stage = await openStage(t, browser);
    const page = await openPaired(stage);
    await page.getByText("Demonstration model").click();
    await page.getByText("isopod models use ollama/qwen3:8b").waitFor();
    await page.getByRole("button", { name: "Model:" }).click();
    await page.getByRole("button", { name: "Use ollama/qwen3:8b" }).click();
    await page.getByText("Demonstration model").waitFor({ state: "detached" });
    assert.match(await page.locator(".chip").first().innerText(), /ollama\/qwen3:8b/);
  });

  test("without the scopes a device sees why it cannot write, approve or change the mode", async (t) => {
    const stage = await openStage(t, browser);
    stage.gateway.me = { ...stage.gateway.me, scopes: ["read"] };
    const page = await openPaired(stage);
    await page.getByText("it lacks the scope “chat”").waitFor();
    await send(page, "Hi");
    assert.equal(stage.gateway.messages.length, 0);
    await page.getByRole("button", { name: "Network mode" }).click();
    await page.getByText("it lacks the scope “admin”").waitFor();
  });
});
