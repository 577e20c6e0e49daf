import type { ComponentChildren } from "preact";

import type { Status } from "../../../src/protocol/event.ts";
import { texts } from "../texts.ts";
import type { Topic } from "./context.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { PrivateMark, titleOf } from "./session-list.tsx";

/** What is open, and under which conditions: the model, the network mode, the sandbox. */
export function TopBar() {
  const { store, isListOpen } = useApp();
  const status = store.status.value;
  return (
    <header class="top">
      <button
        type="button"
        class="icon-button only-narrow"
        aria-label={texts.sessions.open}
        aria-expanded={isListOpen.value}
        onClick={() => (isListOpen.value = true)}
      >
        <Icon name="menu" />
      </button>
      <h1 class="top-title">
        {store.session.value?.private && <PrivateMark session={store.session.value.id} />}
        {titleOf(store.session.value)}
      </h1>
      {status && (
        <div class="chips" role="group" aria-label={texts.status.open}>
          <ModelChip status={status} />
          <Chip topic="mode" label={texts.mode.title}>
            <Icon name={status.mode} />
            <span class="chip-words">{texts.mode.names[status.mode]}</span>
          </Chip>
          <Chip topic="sandbox" label={texts.status.sandbox} warns={!status.sandbox.ok}>
            <Icon name={status.sandbox.ok ? "box" : "warning"} />
            <span class="chip-words">
              {status.sandbox.ok ? texts.status.sandboxOnShort : texts.status.sandboxOffShort}
            </span>
          </Chip>
        </div>
      )}
    </header>
  );
}

function ModelChip({ status }: { status: Status }) {
  const { model } = status;
  if (!model) {
    return (
      <Chip topic="model" label={texts.model.title} warns>
        <Icon name="warning" />
        <span class="chip-words always">{texts.model.none}</span>
      </Chip>
    );
  }
  // Words leave the network with these two; that must be seen without opening anything.
  const leaves = model.locality === "cloud" || model.locality === "unknown";
  return (
    <Chip topic="model" label={texts.model.title} warns={leaves}>
      <Icon name="chip" />
      <span class="chip-words always model-ref">{model.ref}</span>
      <span class={model.demonstration ? "tag" : "chip-aside"}>
        {model.demonstration ? texts.model.demonstration : texts.model.locality[model.locality]}
      </span>
    </Chip>
  );
}

function Chip(props: {
  topic: Topic;
  label: string;
  warns?: boolean;
  children: ComponentChildren;
}) {
  const { topic } = useApp();
  return (
    <button
      type="button"
      class={props.warns ? "chip warns" : "chip"}
      title={props.label}
      aria-haspopup="dialog"
      onClick={() => (topic.value = props.topic)}
    >
      <span class="unseen">{props.label}: </span>
      {props.children}
    </button>
  );
}
