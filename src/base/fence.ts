/**
 * Text that something else is fenced with by a tag, such as `<data>`, with its own tags of that name broken. A
 * model reads `</ data>`, or one with an invisible character in it, as the end of the fence as well. Pure.
 */
export function withoutTag(text: string, name: string): string {
  // The letters of a name are few and known: nothing in it is special in a pattern.
  const letters = Array.from(name).join(String.raw`\p{Cf}{0,4}`);
  const tag = `[<＜﹤](${HIDDEN}(?:[/／]${HIDDEN})?${letters})${String.raw`(?![\p{L}\p{N}_])`}`;
  return text.replaceAll(new RegExp(tag, "giu"), "‹$1");
}

/** White space and what nobody sees. With an end, so that a long run of it is not read again and again. */
const HIDDEN = String.raw`[\s\p{Cf}]{0,64}`;
