/** Holds streamed text back while it may turn out to be a call, so that nobody sees half of a tag. */

import type { ToolCall } from "../protocol/message.ts";
import { readForms, salvage, type SalvageContext } from "./salvage.ts";
import { beginsForm, valueAt } from "./salvage-forms.ts";

export interface SalvageGate {
  /** Returns what may be shown now. */
  push(text: string): string;
  /** At the end: what is still to be shown, and the calls that the rest turned out to be. */
  end(): { text: string; calls: ToolCall[] };
}

/**
 * Characters held at most; the longest calls write a file of this size. What goes on beyond is shown as it
 * comes, and what was shown stays text.
 */
const MAX_HELD = 256 * 1024;

export function createSalvageGate(context: SalvageContext): SalvageGate {
  let text = "";
  let shown = 0;
  let isHeld = false;
  let isOver = false;

  const show = (until: number) => {
    const part = text.slice(shown, until);
    shown = until;
    return part;
  };
  return {
    push(chunk) {
      text += chunk;
      if (isOver || context.tools.length === 0) return show(text.length);
      // Most of a long call cannot end it, and need not be looked at.
      if (isHeld && text.length - shown > 256 && !/[}\]>`]/.test(chunk)) {
        if (text.length - shown <= MAX_HELD) return "";
      }
      const from = firstUnclear(text, shown);
      isHeld = from < text.length;
      isOver = text.length - from > MAX_HELD;
      return show(isOver ? text.length : from);
    },
    end() {
      const found = salvage(text, context);
      if (!found || found.start < shown) return { text: show(text.length), calls: [] };
      return { text: text.slice(shown, found.start).trimEnd(), calls: found.calls };
    },
  };
}

/** Where what may become a call begins; the length of the text where nothing may. */
function firstUnclear(text: string, from: number): number {
  if (from === 0 && mayBeWhole(text)) return 0;
  const pattern = /[<[]/g;
  pattern.lastIndex = from;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const begins = beginsForm(text, found.index);
    if (begins === "begun") return found.index;
    if (begins === "no") continue;
    const { claims, end } = readForms(text, found.index);
    if (claims.length === 0 || end === text.length) return found.index; // unfinished, or the end of it
    if (beginsForm(text, end) !== "no") return found.index; // another one follows
    pattern.lastIndex = end; // text follows: it was quoted
  }
  return text.length;
}

/** The keys with which a call as JSON begins. */
const FIRST_KEYS = ["name", "tool", "function", "type", "id", "arguments", "parameters"];

/** Whether a message that begins like this may be JSON or fenced JSON for a call, and nothing else. */
function mayBeWhole(text: string): boolean {
  const fence = /^\s*```[a-z_]{0,9}[^\S\n]*(?:\n|$)/.exec(text);
  if (!fence && /^\s*`{1,2}$/.test(text)) return true;
  const start = fence ? fence[0].length : 0;
  const begun = /^\s*(?:\[\s*)?(?:$|\{\s*(?:$|"([a-z]*)("?)))/.exec(text.slice(start));
  if (!begun) return false;
  const [, key, quote] = begun;
  if (key !== undefined) {
    const fits = FIRST_KEYS.some((first) => (quote ? first === key : first.startsWith(key)));
    if (!fits) return false;
  }
  const at = text.slice(start).search(/\S/) + start;
  const value = valueAt(text, at);
  return !value || /^\s*`{0,3}\s*$/.test(text.slice(value.end));
}
