/** Enough to know a session by in a list on a phone. */
const MAX_TITLE_CHARS = 60;

/** The first words of the first message. No model is asked: it would cost seconds, and a request elsewhere. */
export function titleOf(text: string): string {
  // Whatever could turn or hide what stands beside it in a list.
  const plain = text
    .slice(0, MAX_TITLE_CHARS * 20)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
  const characters = [...plain];
  if (characters.length <= MAX_TITLE_CHARS) return plain;
  const cut = characters.slice(0, MAX_TITLE_CHARS).join("");
  const lastSpace = cut.lastIndexOf(" ");
  return `${(lastSpace > MAX_TITLE_CHARS / 2 ? cut.slice(0, lastSpace) : cut).trimEnd()}…`;
}
