/**
 * The text in which facts are hidden, to see how much of a window a model really reads. A larger text
 * begins with the smaller one, so that a server with a cache reads each part once. Pure.
 */

export type Haystack = {
  /** The text of one size, which is one of those that it was made for. */
  text(tokens: number): string;
  /** What is hidden in the text of one size. */
  needles(tokens: number): readonly Needle[];
};

export type Needle = { name: string; number: string; percent: number };

/** Beginning, middle and end of what is read: many forget the middle, servers cut off the beginning. */
const PERCENTS = [25, 50, 90];

/** From here on doubled; less than this every model reads. */
const FIRST_TOKENS = 2_048;
/** The question, the answer and the template's own marks; and what the estimate of the tokens may be off by. */
const KEPT_FREE_TOKENS = 192;
const KEPT_FREE_SHARE = 0.08;

/** Growing sizes in tokens, the last of them `mostTokens` or what the window holds. Empty for a tiny window. */
export function planSizes(
  windowTokens: number,
  mostTokens: number,
  answerTokens: number,
): number[] {
  const room = Math.floor(windowTokens * (1 - KEPT_FREE_SHARE)) - KEPT_FREE_TOKENS - answerTokens;
  const largest = Math.min(room, mostTokens);
  if (largest < 256) return [];
  const sizes: number[] = [];
  for (let size = FIRST_TOKENS; size < largest; size *= 2) sizes.push(size);
  // Nobody learns anything from 8,192 and then 8,400.
  const last = sizes.at(-1);
  if (last !== undefined && largest < last * 1.2) sizes.pop();
  return [...sizes, largest];
}

/** `seed` makes it another text each time: none of it is in any cache. */
export function createHaystack(
  sizes: readonly number[],
  { bytesPerToken, seed }: { bytesPerToken: number; seed: number },
): Haystack {
  const random = createRandom(seed);
  const bySize = new Map(sizes.map((tokens) => [tokens, hide(random)]));
  const places = sizes
    .flatMap((tokens) =>
      (bySize.get(tokens) ?? []).map((needle) => ({
        needle,
        at: (tokens * bytesPerToken * needle.percent) / 100,
      })),
    )
    .toSorted((a, b) => a.at - b.at);
  const largest = Math.max(0, ...sizes) * bytesPerToken;
  let whole = `[${seed.toString(36)}] `;
  while (whole.length < largest) {
    const due = places[0];
    if (due && whole.length >= due.at) {
      places.shift();
      whole += `The locker of ${due.needle.name} has the number ${due.needle.number}. `;
    } else whole += sentence(random);
  }
  return {
    text: (tokens) => whole.slice(0, Math.floor(tokens * bytesPerToken)),
    needles: (tokens) => bySize.get(tokens) ?? [],
  };

  function hide(random: () => number): Needle[] {
    return PERCENTS.map((percent) => ({
      percent,
      name: takeName(random),
      number: String(1000 + Math.floor(random() * 9000)),
    }));
  }
}

export const questionFor = (needles: readonly Needle[]): string =>
  `Which numbers have the lockers of ${needles.map(({ name }) => name).join(", ")}? Answer with the ${needles.length} numbers alone, in this order.`;

/** Numbers in words count for nothing: the answer has to have them as they stand in the text. */
export const findNeedles = (needles: readonly Needle[], answer: string) =>
  needles.map(({ number, percent }) => ({
    percent,
    found: new RegExp(`(?<!\\d)${number}(?!\\d)`).test(
      answer.replaceAll(/(?<=\d)[,. ](?=\d{3})/g, ""),
    ),
  }));

/** Two syllables and a third: enough of them that no name comes twice. */
function takeName(random: () => number): string {
  const syllable = () => SYLLABLES[Math.floor(random() * SYLLABLES.length)] ?? "ra";
  const name = syllable() + syllable() + syllable();
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const SYLLABLES =
  "ba be bo da de di fa ga go ka ki ko la le lo ma mi mo na ne no pa ra re ro sa so ta te to va vi za zo".split(
    " ",
  );

/** Plain English without numbers and lockers: about as dense in tokens as people's notes are. */
function sentence(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  return `${pick(WHO)} ${pick(DID)} ${pick(WHAT)} ${pick(WHERE)}, ${pick(WHY)}. `;
}

const WHO = [
  "The gardener",
  "A neighbour",
  "The old captain",
  "My cousin",
  "The baker",
  "A teacher",
  "The night guard",
  "An engineer",
];
const DID = [
  "carried",
  "painted",
  "looked for",
  "forgot",
  "repaired",
  "described",
  "borrowed",
  "washed",
];
const WHAT = [
  "a wooden boat",
  "the blue curtains",
  "a box of apples",
  "the long ladder",
  "two letters",
  "an empty suitcase",
  "the kitchen clock",
  "some warm bread",
];
const WHERE = [
  "behind the station",
  "near the river",
  "in the small library",
  "under the bridge",
  "at the market",
  "on the roof",
  "beside the church",
  "in the harbour",
];
const WHY = [
  "because it had rained all week",
  "while the others were asleep",
  "and nobody asked why",
  "as it was the custom there",
  "before the train came",
  "although it was late",
  "since the summer was over",
  "and then went home",
];

/** The same for the same seed. Its high bits are mixed well enough for fillers; nothing secret hangs on it. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  const next = () => {
    // Multiplier and increment of the linear congruential generator in Numerical Recipes, 7.1.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  next(); // seeds that lie beside each other begin alike
  return next;
}
