/**
 * Text as a person must see it before they agree to it: what has no look of its own, turns the reading
 * direction or passes for a space is written as `\u{…}`. Two different texts never look the same for it:
 * a backslash that stands before `u{` in the text itself is written as `\u{5c}`.
 */
export const toVisible = (text: string): string =>
  text.replace(HIDDEN, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/**
 * Control, format (bidi, zero-width, tags), private, unassigned and lone-surrogate characters; line and
 * paragraph separators; every space but the common one; and the letters and marks that are drawn as
 * nothing: grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian and other variation
 * selectors, the blank Braille cell.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}|[\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{2800}\u{3164}\u{ffa0}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]|\\(?=u\{)/gu;
