import assert from "node:assert/strict";
import { test } from "node:test";

import type { AppEvent } from "../../../src/protocol/event.ts";
import { createFeed } from "./feed.ts";
import type { LinkState } from "./stream.ts";

/** A browser with its locks and channels, and a gateway whose stream a test writes by hand. */
function openBrowser() {
  const asked: (string | null)[] = [];
  let write: (text: string) => void = () => undefined;
  const events = async (after: string | null, signal: AbortSignal) => {
    asked.push(after);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        write = (text) => controller.enqueue(new TextEncoder().encode(text));
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
    return new Response(body);
  };
  const openTab = () => {
    const end = new AbortController();
    const channel = new BroadcastChannel("isopod-feed-test");
    const seen = { links: [] as LinkState["state"][], events: [] as string[], fresh: 0 };
    const feed = createFeed({
      events,
      locks: navigator.locks,
      channel,
      now: () => 0,
      onLink: ({ state }) => void seen.links.push(state),
      onFresh: () => void (seen.fresh += 1),
      onEvent: (cursor) => void seen.events.push(cursor),
    });
    feed.start(end.signal);
    const close = () => {
      end.abort();
      channel.close();
    };
    return { seen, feed, close };
  };
  return { asked, openTab, write: (text: string) => write(text) };
}

const frame = (cursor: string, event: AppEvent = { type: "session-deleted", session: "s" }) =>
  `id: ${cursor}\ndata: ${JSON.stringify(event)}\n\n`;

/** Until something that arrives by itself is there; the test's own time limit ends a vain wait. */
async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("tabs share one stream: each sees each event once, and fetches once", async () => {
  const browser = openBrowser();
  const first = browser.openTab();
  await until(() => first.seen.fresh === 1);
  const second = browser.openTab();
  await until(() => second.seen.fresh === 1);
  browser.write(frame("e:1") + frame("e:2"));
  await until(() => second.seen.events.length === 2);
  assert.deepEqual(browser.asked, [null]);
  assert.deepEqual(first.seen.events, ["e:1", "e:2"]);
  assert.deepEqual(second.seen.events, ["e:1", "e:2"]);
  assert.deepEqual([first.seen.fresh, second.seen.fresh], [1, 1]);
  first.close();
  second.close();
});

test("when the tab that reads is closed, another goes on from the last cursor", async () => {
  const browser = openBrowser();
  const first = browser.openTab();
  await until(() => first.seen.fresh === 1);
  const second = browser.openTab();
  await until(() => second.seen.fresh === 1);
  browser.write(frame("e:1"));
  await until(() => second.seen.events.length === 1);
  first.close();
  await until(() => browser.asked.length === 2);
  browser.write(frame("e:2"));
  await until(() => second.seen.events.length === 2);
  assert.deepEqual(browser.asked, [null, "e:1"]);
  assert.equal(second.seen.fresh, 1);
  second.close();
});

test("`resync` makes every tab fetch anew and is no event of its own", async () => {
  const browser = openBrowser();
  const first = browser.openTab();
  const second = browser.openTab();
  await until(() => first.seen.fresh === 1 && second.seen.fresh === 1);
  browser.write(frame("f:9", { type: "resync" }));
  await until(() => first.seen.fresh === 2 && second.seen.fresh === 2);
  assert.deepEqual(second.seen.events, []);
  first.close();
  second.close();
});

test("without Web Locks each tab reads for itself", async () => {
  const asked: (string | null)[] = [];
  const end = new AbortController();
  const channel = new BroadcastChannel("isopod-feed-test-alone");
  let fresh = 0;
  const feed = createFeed({
    events: async (after, signal) => {
      asked.push(after);
      const start = (controller: ReadableStreamDefaultController) =>
        signal.addEventListener("abort", () => controller.error(signal.reason));
      return new Response(new ReadableStream({ start }));
    },
    locks: undefined,
    channel,
    now: () => 0,
    onLink: () => undefined,
    onFresh: () => void (fresh += 1),
    onEvent: () => undefined,
  });
  feed.start(end.signal);
  await until(() => fresh === 1);
  assert.deepEqual(asked, [null]);
  end.abort();
  channel.close();
});
