import { useLayoutEffect, useRef } from "preact/hooks";

import type { MarkdownView } from "../text/markdown-view.ts";
import { useApp } from "./context.ts";

/**
 * Preact renders the empty element; what is in it is `markdown-view`'s, which changes only what grew. Until
 * that has loaded, the text stands there as it was written.
 */
export function Markdown({ text }: { text: string }) {
  const create = useApp().createMarkdown.value;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<MarkdownView | null>(null);
  useLayoutEffect(() => {
    if (create && host.current) view.current ??= create(host.current);
    view.current?.show(text);
  }, [create, text]);
  return create ? (
    <div key="rich" class="markdown" ref={host} />
  ) : (
    <div key="plain" class="markdown user-text">
      {text}
    </div>
  );
}
