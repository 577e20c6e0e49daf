/** Every case of an evaluation: 500 tasks, 20 of small talk, 200 that are no task. The same seed, the same cases. */

import type { Case, Group, Scene } from "./case.ts";
import { createDraw, type Draw } from "./draw.ts";
import { failureScenes } from "./failure-scenes.ts";
import { findScenes } from "./find-scenes.ts";
import { type Language, LANGUAGES, type Stock } from "./held-out.ts";
import { otherScenes } from "./other-scenes.ts";
import { fill } from "./phrase.ts";
import { createRandom, type Random } from "./random.ts";
import { runScenes } from "./run-scenes.ts";
import { stepScenes } from "./step-scenes.ts";
import { textScenes } from "./text-scenes.ts";

type Build = (draw: Draw, phrasing: string) => Scene;
type Builds = Readonly<Record<string, Build | readonly Build[]>>;

const { read, write, overwrite, edit } = textScenes;

const PLAN: readonly { group: Group; builds: Builds; counts: Record<Language, number> }[] = [
  { group: "find", builds: findScenes, counts: { en: 48, ko: 32 } },
  { group: "read", builds: { read }, counts: { en: 48, ko: 32 } },
  { group: "write", builds: { write, overwrite }, counts: { en: 48, ko: 32 } },
  { group: "edit", builds: { edit }, counts: { en: 42, ko: 28 } },
  { group: "run", builds: runScenes, counts: { en: 42, ko: 28 } },
  { group: "steps", builds: stepScenes, counts: { en: 36, ko: 24 } },
  { group: "failures", builds: failureScenes, counts: { en: 36, ko: 24 } },
  { group: "talk", builds: { talk: otherScenes.talk }, counts: { en: 12, ko: 8 } },
  {
    group: "out of scope",
    builds: { "out-of-scope": otherScenes["out-of-scope"] },
    counts: { en: 120, ko: 80 },
  },
];

/** Each group has a chance of its own: alone it has the cases that it has among the others. */
export function createCases(seed: number, stock: Stock, only?: string): Case[] {
  return PLAN.flatMap(({ group, builds, counts }, at) => {
    if (only && group !== only) return [];
    const random = createRandom(seed * SEEDS_APART + at);
    return LANGUAGES.flatMap((language) => {
      const phrased = phrasingsOf(builds, language, stock, random);
      return Array.from({ length: counts[language] }, (_, at) => {
        const next = phrased[at % phrased.length];
        if (!next) throw new Error(`There is no phrasing for ${group} in ${language}`);
        return toCase({ group, language, ...next }, stock, random);
      });
    });
  });
}

/** More than there are groups. */
const SEEDS_APART = 100;

/** So many of them, spread evenly over groups and languages. */
export const spread = (cases: readonly Case[], limit: number): readonly Case[] =>
  cases.length <= limit
    ? cases
    : Array.from(
        { length: limit },
        (_, at) => cases[Math.floor((at * cases.length) / limit)],
      ).filter((item) => item !== undefined);

type Phrased = { kind: string; phrasing: string; build: Build };

/** In an order of chance; each is used before one comes again. */
function phrasingsOf(
  builds: Builds,
  language: Language,
  { phrasings }: Stock,
  random: Random,
): Phrased[] {
  const all = Object.entries(builds).flatMap(([kind, build]) =>
    (phrasings[kind]?.[language] ?? []).map((phrasing) => ({
      kind,
      phrasing,
      build: typeof build === "function" ? build : random.pick(build),
    })),
  );
  return random.shuffled(all);
}

function toCase(
  { group, language, kind, phrasing, build }: Phrased & { group: Group; language: Language },
  stock: Stock,
  random: Random,
): Case {
  const draw = createDraw(random, language, stock);
  const { slots, before, after = before, answer } = build(draw, phrasing);
  const asked = fill(phrasing, slots);
  // Some people begin with a capital.
  const isCapital = random.chance(0.25) && /^[a-z]/.test(phrasing);
  const prompt = isCapital ? asked[0]?.toUpperCase() + asked.slice(1) : asked;
  return { group, kind, language, prompt, slots, before, after, answer, drawn: [...draw.drawn] };
}
