/** Builds the page's parts and connects them; the only file that touches the globals of the browser. */

import type { ReadonlySignal } from "@preact/signals";
import { effect, signal, untracked } from "@preact/signals";
import { render } from "preact";

import { copyText } from "./copy-text.ts";
import { parseAddress, toHash } from "./state/address.ts";
import { createAttachments } from "./state/attachments.ts";
import { createDrafts } from "./state/drafts.ts";
import type { Outgoing } from "./state/outbox.ts";
import { createOutbox } from "./state/outbox.ts";
import { createPairing, PAIRING_KEY } from "./state/pairing.ts";
import { createStore } from "./state/store.ts";
import { createThreadView, onNextFrame } from "./state/thread-view.ts";
import type { CreateMarkdownView } from "./text/markdown-view.ts";
import type { App, Topic } from "./view/context.ts";
import { AppProvider } from "./view/context.ts";
import { Page } from "./view/page.tsx";
import { createApi } from "./wire/api.ts";
import type { Feed } from "./wire/feed.ts";
import { createFeed } from "./wire/feed.ts";
import type { LinkState } from "./wire/stream.ts";
import { retryDelayMs } from "./wire/stream.ts";

const OUTBOX_KEY = "isopod.outbox";

function main(): void {
  const pairing = createPairing(localStorage);
  const api = createApi({
    fetch: (input, init) => fetch(input, init),
    proof: pairing.proof,
    onUnpaired: pairing.drop,
  });
  const drafts = createDrafts(localStorage);
  const store = createStore({
    api,
    view: createThreadView(onNextFrame),
    frame: onNextFrame,
    createOutbox: (hooks) =>
      createOutbox({
        ...hooks,
        post: api.send,
        wait: (failures) => waitForLink(store.link, retryDelayMs(failures)),
        newKey,
        onChange: (list) => {
          // Kept for a reload, in this tab only: another tab must not send it as well.
          writeOutbox(list);
          hooks.onChange(list);
        },
        initial: readOutbox(),
      }),
    onNavigate: (session) => {
      drafts.open(session);
      if (location.hash !== toHash(session)) history.pushState(null, "", toHash(session));
    },
  });
  const attachments = createAttachments((problem) => (store.problem.value = problem));
  const feed = signal<Feed | null>(null);
  const app: App = {
    api,
    store,
    drafts,
    attachments,
    pairing,
    createMarkdown: loadMarkdown(),
    code: signal(""),
    topic: signal<Topic | null>(null),
    isListOpen: signal(false),
    external: signal<string | null>(null),
    retryLink: () => feed.peek()?.retry(),
    copy: copyText,
  };

  drafts.open(null);
  followAddress(app);
  effect(() => {
    const isPaired = pairing.state.value.state === "paired";
    return isPaired ? untracked(() => startFeed(app, feed)) : undefined;
  });
  // Another tab paired this browser, or was turned away: what this one holds is somebody else's or nobody's.
  addEventListener("storage", ({ key }) => key === PAIRING_KEY && location.reload());

  const root = document.getElementById("app");
  if (!root) return;
  render(
    <AppProvider value={app}>
      <Page />
    </AppProvider>,
    root,
  );
}

function loadMarkdown(): ReadonlySignal<CreateMarkdownView | null> {
  const create = signal<CreateMarkdownView | null>(null);
  import("./text/markdown-view.ts").then(
    ({ createMarkdownViews }) => (create.value = createMarkdownViews(window)),
    // The gateway went away while the page loaded. Answers are readable without; a reload mends it.
    () => undefined,
  );
  return create;
}

/** One feed for as long as this browser is paired; returns how to end it. */
function startFeed({ api, store }: App, running: { value: Feed | null }): () => void {
  const end = new AbortController();
  const { signal } = end;
  const channel = new BroadcastChannel("isopod-events");
  const feed = createFeed({
    events: api.events,
    // Not there outside a secure context, whatever the types say.
    locks: navigator.locks as LockManager | undefined,
    channel,
    now: Date.now,
    onLink: store.onLink,
    onFresh: () => void store.refresh(),
    onEvent: store.onEvent,
  });
  running.value = feed;
  feed.start(signal);
  addEventListener("online", () => feed.retry(), { signal });
  document.addEventListener("visibilitychange", () => document.hidden || feed.check(), { signal });
  return () => {
    end.abort();
    channel.close();
    running.value = null;
  };
}

/** Opens what the address names, now and whenever a person changes it or goes back. */
function followAddress({ store, drafts, code }: App): void {
  const follow = () => {
    const address = parseAddress(location.hash);
    if (address.kind === "pair") {
      code.value = address.code;
      // Out of the address bar, the history and whatever syncs it.
      history.replaceState(null, "", toHash(store.current.peek()));
      return;
    }
    const id = address.kind === "session" ? address.id : null;
    drafts.open(id);
    void store.open(id);
  };
  follow();
  addEventListener("popstate", follow);
}

/** Resolves after `ms`, or as soon as a lost connection is back. */
function waitForLink(link: ReadonlySignal<LinkState>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    let wasLost = false;
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = link.subscribe(({ state }) => {
      if (state === "open" && wasLost) queueMicrotask(done);
      wasLost ||= state === "lost";
    });
  });
}

/** What does not fit into the storage (a few MB, all tabs together) is sent from memory or not at all. */
function writeOutbox(list: readonly Outgoing[]): void {
  try {
    sessionStorage.setItem(OUTBOX_KEY, JSON.stringify(list));
  } catch {
    // A message without its images would be another message.
    const small = list.filter(({ images }) => !images);
    sessionStorage.setItem(OUTBOX_KEY, JSON.stringify(small));
  }
}

function readOutbox(): readonly Outgoing[] {
  try {
    // Only this page writes there, and what is read goes through the gateway's schema when it is sent.
    return JSON.parse(sessionStorage.getItem(OUTBOX_KEY) ?? "[]") as Outgoing[];
  } catch {
    // Cut short by a full disk: there is nothing to save from it.
    return [];
  }
}

/** 128 random bits; `crypto.randomUUID` is missing over plain HTTP on a LAN. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

main();
