import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { texts } from "../texts.ts";
import { Icon } from "./icon.tsx";

/**
 * A modal dialog: the browser keeps the focus inside, gives it back, and closes on Escape. `side` makes
 * it a sheet at the edge, for what is looked through rather than answered.
 */
export function Dialog(props: {
  title: string;
  side?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog
      ref={dialog}
      class={props.side ? "dialog sheet" : "dialog"}
      aria-labelledby={titleId}
      onClose={props.onClose}
      // Only the backdrop is the dialog itself; everything in it is one of its children.
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{props.title}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label={texts.close}
            onClick={() => dialog.current?.close()}
          >
            <Icon name="cross" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
