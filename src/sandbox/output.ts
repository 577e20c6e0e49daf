/**
 * What a program printed, in bounded memory: the first half and the last half of what may be kept.
 * Errors stand at the end, what was being done at the beginning; what is left out is the middle.
 */
export class BoundedOutput {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #head: Uint8Array[] = [];
  #headLength = 0;
  /** The newest bytes, at most twice the tail: trimmed only then, so that trimming costs little. */
  #tail: Uint8Array[] = [];
  #tailLength = 0;
  #total = 0;

  constructor(limitBytes: number) {
    this.#headBytes = Math.floor(limitBytes / 2);
    this.#tailBytes = limitBytes - this.#headBytes;
  }

  /** All that was printed, kept or not. */
  get totalBytes(): number {
    return this.#total;
  }

  /** Takes a chunk; returns the part of it that belongs to the head, for those who watch. */
  add(bytes: Uint8Array): Uint8Array {
    this.#total += bytes.length;
    const head = bytes.subarray(0, this.#headBytes - this.#headLength);
    const rest = bytes.subarray(head.length);
    if (head.length > 0) this.#head.push(head);
    this.#headLength += head.length;
    if (rest.length > 0) this.#tail.push(rest);
    this.#tailLength += rest.length;
    if (this.#tailLength > 2 * this.#tailBytes) this.#trim();
    return head;
  }

  /** The text, broken UTF-8 replaced, and how many bytes are missing between its two halves. */
  read(): { head: string; tail: string; cutBytes: number } {
    this.#trim();
    const cut = this.#total - this.#headLength - this.#tailLength;
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (cut === 0) return { head: Buffer.concat([head, tail]).toString(), tail: "", cutBytes: 0 };
    const [from, to] = [characterStart(tail), characterEnd(head)];
    return {
      head: head.toString("utf8", 0, to),
      tail: tail.toString("utf8", from),
      cutBytes: cut + from + (head.length - to),
    };
  }

  #trim(): void {
    const excess = this.#tailLength - this.#tailBytes;
    if (excess <= 0) return;
    const kept = Buffer.concat(this.#tail).subarray(excess);
    this.#tail = [kept];
    this.#tailLength = kept.length;
  }
}

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Where the first whole character starts: a cut can fall inside of one. */
function characterStart(bytes: Uint8Array): number {
  let at = 0;
  while (at < 3 && isContinuation(bytes[at])) at++;
  return at;
}

/** Where the last whole character ends. */
function characterEnd(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && isContinuation(bytes[start])) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}
