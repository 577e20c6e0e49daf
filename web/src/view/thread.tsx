import { useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { Outgoing } from "../state/outbox.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon, Mark } from "./icon.tsx";
import { Thumbnails } from "./images.tsx";
import { FaultNotice } from "./prose.tsx";
import { TurnView } from "./turn.tsx";
import { useStick } from "./use-stick.ts";

const words = texts.chat;
/** What is rendered at first, and with each step upwards: some screens full, parsed within a few frames. */
const PAGE = 30;

/** The open conversation, from its end; earlier turns are rendered as the person scrolls up to them. */
export function Thread() {
  const { store } = useApp();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const shown = useSignal(PAGE);
  const current = store.current.value;
  const mine = useComputed(() =>
    store.outgoing.value.filter(({ session }) => session === store.current.value),
  );

  const cells = store.cells.value;
  const sent = mine.value.length;
  const isEmpty = cells.length === 0 && sent === 0;
  const stick = useStick(scroller, content, !isEmpty);
  useLayoutEffect(() => {
    shown.value = PAGE;
    stick.toEnd();
  }, [current]);
  // Whoever sends something wants to see what becomes of it.
  useLayoutEffect(() => {
    if (sent > 0) stick.toEnd();
  }, [sent]);

  const visible = cells.slice(-shown.value);
  return (
    <div class="thread">
      <div class="thread-scroll" ref={scroller} onClick={useThreadClick()}>
        <div
          class="thread-column"
          ref={content}
          aria-label={words.label}
          role="log"
          aria-live="off"
        >
          {isEmpty && (current === null || !store.loading.value) && <EmptyThread />}
          {isEmpty && store.loading.value && <p class="note">{words.loading}</p>}
          {visible.length < cells.length && (
            <Earlier scroller={scroller} onReached={() => (shown.value += PAGE)} />
          )}
          {visible.map((cell, at) => (
            <TurnView key={cell.id} cell={cell} isLast={at === visible.length - 1} />
          ))}
          {mine.value.map((item) => (
            <Unsent key={item.key} item={item} />
          ))}
        </div>
      </div>
      {stick.isLoose.value && (
        <button type="button" class="to-end" aria-label={words.newest} onClick={stick.toEnd}>
          <Icon name="down" />
        </button>
      )}
      <Announcer />
    </div>
  );
}

/** Clicks in what Markdown made, which has no handlers of its own: copying code, and opening an address. */
function useThreadClick() {
  const { copy, external } = useApp();
  return (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest<HTMLAnchorElement>(".markdown a[href]");
    if (link) {
      // An address can carry words out of here: it is shown whole before it is opened.
      event.preventDefault();
      external.value = link.href;
    }
    const button = target?.closest<HTMLButtonElement>("button[data-copy]");
    if (button) {
      void copy(button.closest("figure")?.querySelector("code")?.textContent ?? "");
      button.textContent = texts.copied;
      setTimeout(() => (button.textContent = texts.copy), 1_500);
    }
  };
}

/** Stands above the first rendered turn and asks for more when it comes near; the view keeps its place. */
function Earlier(props: { scroller: RefObject<HTMLDivElement | null>; onReached: () => void }) {
  const mark = useRef<HTMLButtonElement>(null);
  const reach = () => {
    const element = props.scroller.current;
    if (!element) return;
    const fromEndPx = element.scrollHeight - element.scrollTop;
    props.onReached();
    // Not every browser anchors what is in view while content grows above it.
    requestAnimationFrame(() => (element.scrollTop = element.scrollHeight - fromEndPx));
  };
  useEffect(() => {
    if (!mark.current) return undefined;
    // Several entries come at once when the person scrolls fast; the last one is how it stands.
    const observer = new IntersectionObserver(
      (entries) => entries.at(-1)?.isIntersecting && reach(),
      {
        root: props.scroller.current,
        rootMargin: "600px 0px 0px 0px",
      },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  });
  return (
    <button type="button" class="earlier" ref={mark} onClick={reach}>
      {words.earlier}
    </button>
  );
}

function Unsent({ item }: { item: Outgoing }) {
  const { store, drafts, attachments } = useApp();
  const withdraw = () => {
    const { text, images } = store.withdraw(item.key);
    attachments.put(images);
    drafts.hand(text);
  };
  return (
    <article class="turn">
      <div class="user unsent">
        <Thumbnails images={item.images ?? []} />
        {item.text !== "" && <p class="user-text">{item.text}</p>}
      </div>
      {item.state !== "refused" && (
        <p class="note end">{item.state === "waiting" ? words.waiting : words.sending}</p>
      )}
      {item.fault && (
        <>
          <FaultNotice fault={item.fault} />
          <div class="unsent-acts">
            <button type="button" class="button small" onClick={() => store.retry(item.key)}>
              {words.retry}
            </button>
            <button type="button" class="button small" onClick={withdraw}>
              {words.withdraw}
            </button>
          </div>
        </>
      )}
    </article>
  );
}

function EmptyThread() {
  const { drafts } = useApp();
  return (
    <div class="empty">
      <Mark />
      <h2>{words.emptyTitle}</h2>
      <p>{words.emptyText}</p>
      <ul class="examples">
        {words.examples.map(({ title, text }) => (
          <li key={text}>
            <button type="button" class="example" onClick={() => drafts.hand(text)}>
              <span class="example-title">{title}</span>
              <span class="example-text">{text}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Longer answers are there to be read by moving through them. */
const LONGEST_ANNOUNCEMENT = 600;

/** Tells a screen reader that work began, and the answer once it is whole: never token by token. */
function Announcer() {
  const { store } = useApp();
  const text = useSignal("");
  const last = useRef<string | null>(null);
  const running = store.runningTurn.value;
  useEffect(() => {
    const ended = last.current;
    last.current = running;
    if (running !== null) text.value = words.working;
    else if (ended !== null) {
      const lines = document.querySelectorAll(".turn:last-of-type .markdown");
      const answer = Array.from(lines, (line) => line.textContent).join(" ");
      text.value = `${words.answered} ${answer.slice(0, LONGEST_ANNOUNCEMENT)}`;
    }
  }, [running]);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {text.value}
    </div>
  );
}
