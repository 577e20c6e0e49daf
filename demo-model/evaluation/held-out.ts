/** What the model is never trained on: words, file endings and phrasings, and when two phrasings are the same. */

import { readFileSync } from "node:fs";

import { z } from "zod";

export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

const Phrasings = z.record(
  z.string(),
  z.object({ en: z.array(z.string()), ko: z.array(z.string()) }),
);

/** The training stock has the same shape: `held-out.test.ts` lays the two side by side. */
export const Stock = z.object({
  words: z.array(z.string()),
  koreanWords: z.array(z.string()),
  endings: z.array(z.string()),
  phrasings: Phrasings,
});
export type Stock = z.infer<typeof Stock>;

export const readStock = (file: URL): Stock => Stock.parse(JSON.parse(readFileSync(file, "utf8")));

export const readHeldOut = (): Stock => readStock(new URL("../held-out.json", import.meta.url));

/** Words of politeness that change nothing: "please read {f}" is "read {f}". */
const BEFORE = [
  ["please", "kindly", "hey", "hi", "hello", "ok", "okay", "now", "so", "just", "then", "and"],
  ["can you", "could you", "would you", "will you", "would you mind", "i want you to"],
  ["i'd like you to", "i need you to", "혹시", "저기", "이제", "그럼"],
].flat();
const AFTER = [
  "please",
  "for me",
  "thanks",
  "thank you",
  "now",
  "right now",
  "부탁해",
  "부탁합니다",
];

/** Korean particles that depend on the sound before them; either form is the same phrasing. */
const PARTICLES: readonly (readonly [RegExp, string])[] = [
  [/\}["'`]*(?:을|를)/g, "}를"],
  [/\}["'`]*(?:이라|라)/g, "}라"],
  [/\}["'`]*(?:이랑|랑)/g, "}랑"],
  [/\}["'`]*(?:은|는)/g, "}는"],
  [/\}["'`]*(?:으로|로)/g, "}로"],
  [/\}["'`]*(?:과|와)/g, "}와"],
  [/\}["'`]*(?:이|가)(?=\s)/g, "}가"],
];

/** A phrasing without what does not make it another: case, punctuation, spaces, particles, politeness. */
export function toComparable(phrasing: string): string {
  let text = phrasing.toLowerCase().normalize("NFC").replaceAll("’", "'");
  for (const [pattern, form] of PARTICLES) text = text.replaceAll(pattern, form);
  text = text
    .replaceAll(/[^\p{L}\p{N}{}' ]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  text = withoutAny(text);
  return text.replaceAll(/[\s']+/g, "");
}

function withoutAny(text: string): string {
  const before = BEFORE.find((words) => text.startsWith(`${words} `));
  if (before) return withoutAny(text.slice(before.length + 1));
  const after = AFTER.find((words) => text.endsWith(` ${words}`));
  return after ? withoutAny(text.slice(0, -after.length - 1)) : text;
}
