/**
 * Text as a person must see it before they agree to it: what has no look of its own, turns the reading
 * direction or passes for a space is written as `\u{…}`. Two different texts never look the same for it:
 * a backslash that stands before `u{` in the text itself is written as `\u{5c}`.
 */
export const toVisible = (text: string): string =>
  text.replace(HIDDEN, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/**
 * Control, format (bidi, zero-width, tags), private, unassigned and lone-surrogate characters; line and
 * paragraph separators; every space but the common one; and what is drawn as nothing: the "default
 * ignorable" letters and marks (grapheme joiner, Hangul fillers, variation selectors) and blank Braille.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u{2800}]|(?! )\p{Zs}|\\(?=u\{)/gu;
