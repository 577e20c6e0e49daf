/** How large a model is, by what its name says: `qwen3:32b-q4_K_M`, `Qwen3-30B-A3B-Q8_0.gguf`. Pure. */

import { KNOWN, type Known, QUANTISATIONS } from "./tables.ts";

export type Named = {
  parameters: number;
  /** Bits of one weight on average. */
  bits: number;
  quantisation: string;
  known?: Known;
};

/** Further spellings of quantisations, with the bits of whole files. */
const BITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(QUANTISATIONS.map(({ name, bits }) => [name, bits])),
  Q2_K: 3.35,
  Q3_K_S: 3.64,
  Q3_K_M: 4,
  Q3_K_L: 4.3,
  Q4_0: 4.5,
  Q4_1: 5,
  Q4_K_S: 4.67,
  Q5_0: 5.5,
  Q5_1: 6,
  Q5_K_S: 5.57,
  Q6_K: 6.56,
  IQ4_XS: 4.3,
  IQ3_M: 3.7,
  MXFP4: 4.25,
  BF16: 16,
  FP16: 16,
  F32: 32,
  FP8: 8,
  AWQ: 4.5,
  GPTQ: 4.5,
  "4BIT": 4.5,
  "8BIT": 8.5,
};

/** What Ollama's plain tags and most downloads are. */
const USUAL = "Q4_K_M";

/** Undefined where no size stands in the name and nobody knows it. */
export function readName(name: string): Named | undefined {
  const plain = name.toLowerCase();
  const known = KNOWN.find((model) => plain === model.name || plain.startsWith(`${model.name}-`));
  const parameters = known?.parameters ?? readParameters(plain);
  if (parameters === undefined) return undefined;
  const quantisation = readQuantisation(name) ?? USUAL;
  const bits = BITS[quantisation] ?? BITS[USUAL] ?? 16;
  return { parameters, bits, quantisation, ...(known && { known }) };
}

/** The first size: of `30b-a3b` all 30 must be held, though 3 work at a time. */
function readParameters(plain: string): number | undefined {
  const [, times, count, unit] =
    /(?:^|[:/_\s-])(?:(\d+)x)?(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])/.exec(plain) ?? [];
  if (count === undefined) return undefined;
  return Math.round(Number(times ?? 1) * Number(count) * (unit === "m" ? 1e6 : 1e9));
}

function readQuantisation(name: string): string | undefined {
  const plain = name.toUpperCase();
  const spelled = Object.keys(BITS).toSorted((a, b) => b.length - a.length);
  return spelled.find((quantisation) =>
    new RegExp(`(^|[^A-Z0-9])${quantisation}($|[^A-Z0-9_])`).test(plain),
  );
}
