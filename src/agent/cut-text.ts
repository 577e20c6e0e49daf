/**
 * Cuts the middle out of a text that is longer than `limitBytes` in UTF-8, and says in a line of its own
 * how much is gone. The beginning gets two thirds: headings and the question stand there.
 */
export function cutText(text: string, limitBytes: number): string {
  // A UTF-16 unit is at most 3 bytes: most texts need no counting.
  if (text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes) return text;
  const bytes = Buffer.from(text);
  const headBytes = Math.floor((limitBytes * 2) / 3);
  const head = bytes.subarray(0, characterStart(bytes, headBytes)).toString();
  const tailStart = characterStart(bytes, bytes.length - (limitBytes - headBytes));
  const tail = bytes.subarray(tailStart).toString();
  const lost = bytes.length - Buffer.byteLength(head) - Buffer.byteLength(tail);
  return `${head}\n[… ${lost} bytes left out here: too long for this model]\n${tail}`;
}

/** The start of the character that the byte at `at` belongs to. */
function characterStart(bytes: Buffer, at: number): number {
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
