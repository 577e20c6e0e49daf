import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { IMAGE_TYPES } from "../state/attachments.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Thumbnails } from "./images.tsx";

const words = texts.composer;
/** What browsers report for each key of a composition, when they do not set `isComposing` (Safari). */
const COMPOSING_KEY_CODE = 229;

export function Composer() {
  const { store, drafts, attachments } = useApp();
  const field = useRef<HTMLTextAreaElement>(null);
  const text = drafts.text.value;
  const images = attachments.list.value;
  const isEmpty = text.trim() === "" && images.length === 0;
  const isBusy = store.session.value?.busy || store.runningTurn.value !== null;
  const blocked = useBlockedReason();

  useGrow(field, text);
  useEffect(() => {
    // The first render is no reason to open a phone's keyboard.
    if (drafts.handed.value > 0) focusEnd(field.current);
  }, [drafts.handed.value]);

  const send = async () => {
    const message = text.trim();
    if (isEmpty || blocked) return;
    const taken = attachments.take();
    drafts.write("");
    field.current?.focus();
    if (await store.send(message, taken)) return;
    attachments.put(taken);
    drafts.hand(message);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    // In a composition, Enter chooses a syllable: in Korean it would send half a word.
    if (event.isComposing || event.keyCode === COMPOSING_KEY_CODE) return;
    // A phone's keyboard has no Shift+Enter; there the button sends.
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="composer-box">
        <Thumbnails images={images} onRemove={attachments.remove} />
        <textarea
          ref={field}
          class="composer-text"
          rows={1}
          aria-label={words.label}
          aria-describedby="composer-hint"
          placeholder={isBusy ? words.placeholderBusy : words.placeholder}
          maxLength={1_000_000}
          value={text}
          onInput={(event) => drafts.write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = Array.from(event.clipboardData?.files ?? []);
            if (files.length === 0) return;
            event.preventDefault();
            void attachments.add(files);
          }}
        />
        <div class="composer-foot">
          <AttachButton />
          <ContextUse />
          <span class={blocked ? "composer-hint blocked" : "composer-hint"} id="composer-hint">
            {blocked ?? words.hint}
          </span>
          {isBusy && <StopButton />}
          <button
            type="submit"
            class="send"
            aria-label={words.send}
            title={blocked ?? words.send}
            disabled={isEmpty || blocked !== null}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
    </form>
  );
}

/** A label around the browser's own file chooser, which keeps its keys and its name. */
function AttachButton() {
  const { attachments } = useApp();
  return (
    <label class="attach" title={texts.images.attach}>
      <Icon name="image" />
      <input
        type="file"
        class="unseen"
        multiple
        accept={IMAGE_TYPES.join()}
        aria-label={texts.images.attach}
        onChange={({ currentTarget }) => {
          void attachments.add(Array.from(currentTarget.files ?? []));
          // The same file may be chosen again after it was removed.
          currentTarget.value = "";
        }}
      />
    </label>
  );
}

function StopButton() {
  const { store } = useApp();
  const id = store.current.value;
  return (
    <button type="button" class="stop" onClick={() => id !== null && void store.stop(id)}>
      <span class="stop-square" aria-hidden="true" />
      {words.stop}
    </button>
  );
}

/** How full the context window is, as a ring; the numbers are its label. */
function ContextUse() {
  const { usage } = useApp().store;
  if (!usage.value || usage.value.contextTokens <= 0) return null;
  const used = usage.value.inputTokens + usage.value.outputTokens;
  const percent = Math.min(100, Math.round((used / usage.value.contextTokens) * 100));
  const label = texts.chat.contextUsed(used, usage.value.contextTokens);
  return (
    <span class="context" title={label}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <circle class="context-all" cx="10" cy="10" r="7" pathLength="100" />
        <circle
          class="context-used"
          cx="10"
          cy="10"
          r="7"
          pathLength="100"
          stroke-dasharray={`${percent} 100`}
        />
      </svg>
      <span aria-hidden="true">{texts.chat.contextShort(percent)}</span>
      <span class="unseen">{label}</span>
    </span>
  );
}

/** Why nothing can be sent; null when it can. A lost connection is no reason: the outbox waits for it. */
function useBlockedReason(): string | null {
  const { me, status } = useApp().store;
  if (me.value && !me.value.scopes.includes("chat")) return words.needsScope;
  if (status.value && !status.value.model) return words.noModel;
  return null;
}

/** Grows with its text up to what the style allows, in browsers without `field-sizing` too. */
function useGrow(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
}

function focusEnd(field: HTMLTextAreaElement | null): void {
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}
