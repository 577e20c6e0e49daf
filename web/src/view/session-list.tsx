import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { SessionSummary } from "../../../src/protocol/event.ts";
import { groupSessions } from "../state/sessions.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Icon, Mark } from "./icon.tsx";

const words = texts.sessions;

export const titleOf = (session: SessionSummary | null): string =>
  session?.title.trim() || words.untitled;

/** Beside the conversation, or a drawer over it where there is no room. */
export function SessionList() {
  const { store, isListOpen } = useApp();
  const removing = useSignal<SessionSummary | null>(null);
  const groups = groupSessions(store.sessions.value ?? [], new Date());
  const go = (id: string | null) => {
    isListOpen.value = false;
    void store.open(id);
  };

  return (
    <>
      <nav
        class={isListOpen.value ? "list open" : "list"}
        aria-label={words.title}
        onKeyDown={(event) => event.key === "Escape" && (isListOpen.value = false)}
      >
        <div class="list-head">
          <span class="brand">
            <Mark />
            {texts.name}
          </span>
          <button
            type="button"
            class="icon-button only-narrow"
            aria-label={words.close}
            onClick={() => (isListOpen.value = false)}
          >
            <Icon name="cross" />
          </button>
        </div>
        <button type="button" class="button new-session" onClick={() => go(null)}>
          <Icon name="plus" />
          {words.create}
        </button>
        <div class="list-scroll">
          {store.sessions.value?.length === 0 && <p class="list-empty">{words.empty}</p>}
          {groups.map(({ age, sessions }) => (
            <section key={age}>
              <h2 class="list-age">{words.ages[age]}</h2>
              <ul>
                {sessions.map((session) => (
                  <Row
                    key={session.id}
                    session={session}
                    onOpen={() => go(session.id)}
                    onRemove={() => (removing.value = session)}
                  />
                ))}
              </ul>
            </section>
          ))}
        </div>
      </nav>
      {isListOpen.value && (
        <div class="list-shade" aria-hidden="true" onClick={() => (isListOpen.value = false)} />
      )}
      {removing.value && (
        <ConfirmRemove session={removing.value} onClose={() => (removing.value = null)} />
      )}
    </>
  );
}

function Row(props: { session: SessionSummary; onOpen: () => void; onRemove: () => void }) {
  const { store } = useApp();
  const { session } = props;
  const isRenaming = useSignal(false);
  const title = titleOf(session);
  const asks = store.approvals.value.some((asked) => asked.session === session.id);
  const isCurrent = store.current.value === session.id;

  if (isRenaming.value) {
    return (
      <li>
        <Rename session={session} onDone={() => (isRenaming.value = false)} />
      </li>
    );
  }
  return (
    <li class="row">
      <button
        type="button"
        class="row-open"
        aria-current={isCurrent ? "page" : undefined}
        title={title}
        onClick={props.onOpen}
        onDblClick={() => (isRenaming.value = true)}
      >
        {session.private && <PrivateMark session={session.id} />}
        <span class="row-title">{title}</span>
        {asks && <State kind="asks" />}
        {session.busy && !asks && <State kind="busy" />}
      </button>
      <span class="row-acts">
        <button
          type="button"
          class="icon-button small"
          aria-label={words.rename(title)}
          onClick={() => (isRenaming.value = true)}
        >
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          class="icon-button small"
          aria-label={words.remove(title)}
          onClick={props.onRemove}
        >
          <Icon name="trash" />
        </button>
      </span>
    </li>
  );
}

/** Of a session in which no model beyond one's own machines is asked; it says where its files are. */
export function PrivateMark({ session }: { session: string }) {
  const { store } = useApp();
  const folder = store.status.value?.privateWorkspaces;
  const files = folder ? `\n${words.privateFiles(`${folder}/${session}`)}` : "";
  return (
    <span class="private-mark" title={`${words.private}${files}`}>
      <Icon name="private" />
      <span class="unseen">{words.private}</span>
    </span>
  );
}

function State({ kind }: { kind: "asks" | "busy" }) {
  return (
    <span class={`row-state ${kind}`} title={words[kind]}>
      <span class="unseen">{words[kind]}</span>
    </span>
  );
}

/** Enter and leaving the field save; Escape does not. */
function Rename({ session, onDone }: { session: SessionSummary; onDone: () => void }) {
  const { store } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => input.current?.select(), []);

  const finish = (save: boolean) => {
    // Taking the field off the page makes it lose the focus, which would save once more.
    if (isOver.current) return;
    isOver.current = true;
    const title = input.current?.value.trim() ?? "";
    if (save && title && title !== session.title) void store.rename(session.id, title);
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") {
      event.stopPropagation();
      finish(false);
    }
  };
  return (
    <input
      ref={input}
      class="input row-rename"
      aria-label={words.renameLabel}
      maxLength={200}
      defaultValue={session.title}
      onKeyDown={onKeyDown}
      onBlur={() => finish(true)}
    />
  );
}

function ConfirmRemove({ session, onClose }: { session: SessionSummary; onClose: () => void }) {
  const { store, drafts } = useApp();
  const remove = () => {
    onClose();
    drafts.forget(session.id);
    void store.remove(session.id);
  };
  return (
    <Dialog title={words.removeTitle} onClose={onClose}>
      <p>{words.removeText(titleOf(session))}</p>
      <div class="dialog-acts">
        <button type="button" class="button" onClick={onClose} autofocus>
          {texts.cancel}
        </button>
        <button type="button" class="button danger" onClick={remove}>
          {words.removeConfirm}
        </button>
      </div>
    </Dialog>
  );
}
