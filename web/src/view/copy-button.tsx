import { useSignal } from "@preact/signals";

import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

/** Long enough to be read, short enough not to be taken for a state. */
const CONFIRM_MS = 1_500;

/** `text` is asked for at the click: an answer may have grown since it was rendered. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const { copy } = useApp();
  const isDone = useSignal(false);
  const onClick = async () => {
    await copy(text());
    isDone.value = true;
    setTimeout(() => (isDone.value = false), CONFIRM_MS);
  };
  return (
    <button
      type="button"
      class="icon-button small"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={isDone.value ? "check" : "copy"} />
      <span class="unseen" role="status">
        {isDone.value && texts.copied}
      </span>
    </button>
  );
}
