/**
 * Byte-level BPE whose merges join ASCII letters, or the bytes of one character beyond ASCII, so that a file
 * name has the same tokens wherever it stands. Control tokens never come from text: `<|im_end|>` in a file is
 * spelled byte by byte, and nobody's text can open or close a message. Only `frame` makes them.
 */

import { damaged } from "./damage.ts";
import type { Gguf } from "./gguf.ts";

export interface Tokenizer {
  /** Our own words between messages; names of control tokens in them are those tokens. */
  frame(text: string): number[];
  /** Anybody's words. */
  text(text: string): number[];
  /** What a token spells; nothing for a special one. */
  bytes(token: number): Uint8Array;
  /** The name of a token that text cannot spell, such as `<tool_call>`. */
  mark(token: number): string | undefined;
  /** Whether a model says it is done by it. */
  isEnd(token: number): boolean;
}

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/** GPT-2's spelling of the 256 bytes: printable ones as they are, the others from U+0100 on. */
const BYTE_LETTERS: readonly string[] = spellBytes();

const MAX_CACHED_UNITS = 10_000; // about 1 MB

/** Throws `Damage`. */
export function createTokenizer(gguf: Gguf): Tokenizer {
  const model = gguf.text("tokenizer.ggml.model");
  if (model !== "gpt2") damaged(`its tokenizer is "${model}", and only "gpt2" is known`);
  const tokens = gguf.texts("tokenizer.ggml.tokens");
  const types = gguf.integers("tokenizer.ggml.token_type");
  const end = gguf.integer("tokenizer.ggml.eos_token_id", 0, tokens.length - 1);
  const spelling = readSpelling(tokens, types);
  const unit = createUnits(gguf.texts("tokenizer.ggml.merges"), spelling.ids);
  const names = [...spelling.marks.keys()].toSorted((a, b) => b.length - a.length);
  const splitter = new RegExp(`(${names.map((name) => RegExp.escape(name)).join("|")})`);

  const text = (part: string): number[] => {
    const bytes = (run: string) =>
      [...Buffer.from(run)].map((byte) => spelling.byteTokens[byte] ?? end);
    const runs = part.match(/[A-Za-z]+|[^\0-\x7f]|[^A-Za-z\x80-\u{10ffff}]+/gu) ?? [];
    return runs.flatMap((run) => (/^[A-Za-z\x80-\u{10ffff}]/u.test(run) ? unit(run) : bytes(run)));
  };
  return {
    text,
    frame(part) {
      if (names.length === 0) return text(part);
      return part.split(splitter).flatMap((piece) => spelling.marks.get(piece) ?? text(piece));
    },
    bytes: (token) => spelling.bytes[token] ?? new Uint8Array(),
    mark: (token) => (types[token] === USER_DEFINED ? tokens[token] : undefined),
    isEnd: (token) => token === end || types[token] === CONTROL,
  };
}

function readSpelling(tokens: readonly string[], types: readonly number[]) {
  if (types.length !== tokens.length) damaged("its tokens and their types are not of one number");
  const byteOf = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));
  const ids = new Map<string, number>();
  const marks = new Map<string, number>();
  const bytes = tokens.map((token, id) => {
    if (types[id] === CONTROL || types[id] === USER_DEFINED) {
      if (token) marks.set(token, id);
      return new Uint8Array();
    }
    if (types[id] !== NORMAL) damaged(`its token ${id} is of the unread type ${types[id]}`);
    ids.set(token, id);
    return Uint8Array.from(
      token,
      (character) => byteOf.get(character) ?? damaged(`its token ${id} is not spelled in bytes`),
    );
  });
  const byteTokens = BYTE_LETTERS.map(
    (letter, byte) => ids.get(letter) ?? damaged(`it has no token for the byte ${byte}`),
  );
  return { ids, marks, bytes, byteTokens };
}

/** A function that splits a run of letters, or one character beyond ASCII, into tokens. */
function createUnits(
  merges: readonly string[],
  ids: ReadonlyMap<string, number>,
): (unit: string) => number[] {
  const ranks = new Map(merges.map((merge, rank) => [merge, rank]));
  for (const merge of merges) {
    // Merges over spaces or digits would need the splitting rules of another tokenizer.
    if (!LETTERS.test(merge) && !isOfOneCharacter(merge)) {
      damaged("its tokenizer joins more than letters and the bytes of a character");
    }
    if (!ids.has(merge.replace(" ", ""))) damaged(`it has no token for the merge "${merge}"`);
  }
  const cache = new Map<string, number[]>();
  return (unit) => {
    const known = cache.get(unit);
    if (known) return known;
    const letters = Array.from(Buffer.from(unit), (byte) => BYTE_LETTERS[byte] ?? "");
    const found = join(letters, ranks).map((part) => ids.get(part) ?? 0);
    if (cache.size < MAX_CACHED_UNITS && unit.length < 64) cache.set(unit, found);
    return found;
  };
}

const LETTERS = /^[A-Za-z]+ [A-Za-z]+$/;

/** Whether what it joins can stand in one character only: bytes that follow a first one, perhaps with that one. */
function isOfOneCharacter(merge: string): boolean {
  const bytes = Array.from(merge.replace(" ", ""), (letter) => BYTE_LETTERS.indexOf(letter));
  const [first = 0] = bytes;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : first >= 0x80 ? 3 : 0;
  return bytes.length <= length && bytes.slice(1).every((byte) => byte >= 0x80 && byte < 0xc0);
}

/** Joins the neighbours that were learnt first, everywhere at once, until none are left. */
function join(parts: string[], ranks: ReadonlyMap<string, number>): string[] {
  for (;;) {
    let best = Infinity;
    let left = "";
    let right = "";
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
      if (rank < best) [best, left, right] = [rank, parts[i] ?? "", parts[i + 1] ?? ""];
    }
    if (best === Infinity) return parts;
    const joined: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      if (parts[i] === left && parts[i + 1] === right) joined.push(left + parts[++i]);
      else joined.push(parts[i] ?? "");
    }
    parts = joined;
  }
}

function spellBytes(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(isPrintable ? byte : next++);
  });
}
