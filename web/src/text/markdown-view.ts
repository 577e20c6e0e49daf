/**
 * Keeps an element equal to a Markdown text that grows: changed blocks are replaced, the others stay, and
 * with them a person's selection and the place they scrolled to in a wide table. Half of the page's code is
 * in what this imports, so `main.tsx` loads it beside the page and not before it.
 */

import { texts } from "../texts.ts";
import type { Block } from "./markdown.ts";
import { createMarkdownReader } from "./markdown.ts";
import type { Sanitiser } from "./sanitise.ts";
import { createSanitiser } from "./sanitise.ts";

export interface MarkdownView {
  show(text: string): void;
}

export type CreateMarkdownView = (host: HTMLElement) => MarkdownView;

export function createMarkdownViews(window: Window & typeof globalThis): CreateMarkdownView {
  const sanitiser = createSanitiser(window, texts.chat.blockedImage);
  return (host) => createMarkdownView(host, sanitiser);
}

function createMarkdownView(host: HTMLElement, sanitiser: Sanitiser): MarkdownView {
  const reader = createMarkdownReader();
  let shown: readonly Block[] = [];

  return {
    show(text) {
      const blocks = reader.read(text);
      blocks.forEach((block, at) => {
        if (block === shown[at]) return;
        const place = host.children[at];
        const element = toElement(block, sanitiser);
        if (place) place.replaceWith(element);
        else host.append(element);
      });
      while (host.children.length > blocks.length) host.lastElementChild?.remove();
      shown = blocks;
    },
  };
}

/** One element for each block, so that a block's number is its place. */
function toElement(block: Block, sanitiser: Sanitiser): HTMLElement {
  const element = document.createElement("div");
  element.className = "block";
  element.append(sanitiser.toFragment(block.html));
  for (const code of element.querySelectorAll<HTMLElement>("pre > code")) frameCode(code);
  for (const table of element.querySelectorAll("table")) frameTable(table);
  return element;
}

/** A bar above the code, with its language and a copy button; `thread` listens for the clicks. */
function frameCode(code: HTMLElement): void {
  const language = /^language-(.+)$/.exec(code.className)?.[1] ?? "";
  const frame = document.createElement("figure");
  frame.className = "code";
  const bar = document.createElement("figcaption");
  const name = document.createElement("span");
  name.textContent = language;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "code-copy";
  button.dataset["copy"] = "code";
  button.textContent = texts.copy;
  bar.append(name, button);
  const block = code.parentElement;
  block?.replaceWith(frame);
  // A wide block scrolls sideways, which needs the focus to be reachable by keyboard.
  block?.setAttribute("tabindex", "0");
  if (block) frame.append(bar, block);
}

function frameTable(table: HTMLTableElement): void {
  const frame = document.createElement("div");
  frame.className = "table";
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
}
