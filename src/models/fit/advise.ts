/** Which model to run on a machine, and why. Pure. */

import { Fault } from "../../base/fault.ts";
import type { Estimate, Machine, ModelFit } from "../../protocol/model-fit.ts";
import { estimate, type Weights } from "./estimate.ts";
import {
  APPLE,
  type Grade,
  KNOWN,
  type Known,
  QUANTISATIONS,
  SMALL_PARAMETERS,
  TIERS,
} from "./tables.ts";

/** Room for a task with several files; below 8k an agent forgets what it was asked. */
export const GOOD_CONTEXT = 16_384;
export const LEAST_CONTEXT = 8_192;
const USUAL_CONTEXTS = [GOOD_CONTEXT, LEAST_CONTEXT];

/** On a processor a word takes as long as all weights take to be read: above this size, a second or more. */
const CPU_PARAMETERS = 16e9;

const RANK: Readonly<Record<Grade, number>> = { excellent: 3, good: 3, moderate: 2, weak: 1 };

/** Estimates of all models that are known, the largest first, in the quantisation that most people take. */
export const estimateKnown = (machine: Machine, contextTokens: number): Estimate[] =>
  KNOWN.map((known) => estimate(toWeights(known, "Q4_K_M"), contextTokens, machine));

export function toWeights(known: Known, quantisation: string): Weights {
  const { name, title, parameters, maxContextTokens, tools, notes } = known;
  const bits = QUANTISATIONS.find((row) => row.name === quantisation)?.bits ?? 16;
  const { layers, kvHeads, headLength } = known.shape ?? {};
  const shape =
    layers && kvHeads && headLength
      ? { layers, kvHeads, keyLength: headLength, valueLength: headLength }
      : undefined;
  const weightBytes = (parameters * bits) / 8;
  // prettier-ignore
  return { name, title, weightBytes, parameters, quantisation, shape, maxContextTokens, basis: "table", tools, notes };
}

/** For the context that a person wants, and for no smaller one; without a wish for a good one, else the least. */
export function pick(machine: Machine, wanted?: number): Pick<ModelFit, "pick" | "warnings"> {
  const able = KNOWN.flatMap((known) => {
    const fits = (contextTokens: number) => suits(known, contextTokens, machine);
    const contextTokens = (wanted === undefined ? USUAL_CONTEXTS : [wanted]).find(fits);
    return contextTokens === undefined ? [] : { known, contextTokens };
  });
  // The better with tools first, then the larger; of equals the one that the table names first.
  const [best] = able.toSorted(
    ({ known: a }, { known: b }) => RANK[b.tools] - RANK[a.tools] || b.parameters - a.parameters,
  );
  if (best) return toPick(best.known, best.contextTokens, machine);
  const largest = machine.usable.gpuBytes + machine.usable.ramBytes;
  return { warnings: [new Fault("MODEL_FIT_NONE", { gigabytes: toGb(largest), wanted }).toJSON()] };
}

/** Whole on the card where there is one that holds any; else small enough for a processor. */
function suits(known: Known, contextTokens: number, machine: Machine): boolean {
  const { runs, contextTokens: had } = estimate(toWeights(known, "Q4_K_M"), contextTokens, machine);
  if (had < contextTokens) return false; // it was not made for so much
  if (runs === "gpu") return true;
  const cardHolds = KNOWN.some(
    (other) => estimate(toWeights(other, "Q4_K_M"), LEAST_CONTEXT, machine).runs === "gpu",
  );
  return !cardHolds && runs !== "none" && known.parameters <= CPU_PARAMETERS;
}

function toPick(known: Known, contextTokens: number, machine: Machine) {
  const { quantisation, tag, fit } = bestTag(known, contextTokens, machine);
  const tier = TIERS.find(
    ({ parameters: [least, most] }) => known.parameters >= least && known.parameters < most,
  );
  const where =
    fit.runs === "gpu"
      ? machine.unified
        ? "it fits into the memory that graphics may use"
        : "it fits onto the card whole"
      : "it fits into main memory, where the processor runs it: slow, but it works";
  const usual = machine.unified ? `; ${describeUsual(machine.ramBytes)}` : "";
  const row = QUANTISATIONS.find(({ name }) => name === quantisation);
  const why = `${where} with ${contextTokens} tokens of context (${toGb(fit.totalBytes)} GB); ${tier?.quality ?? known.notes}; ${quantisation} costs ${row?.costs ?? "little"}${usual}`;
  const warnings =
    known.parameters < SMALL_PARAMETERS ? [smallFault(known.name, known.parameters)] : [];
  return {
    pick: { name: tag, pull: `isopod models pull ${tag}`, contextTokens, why },
    warnings: warnings.map((fault) => fault.toJSON()),
  };
}

/** What people run on a Mac with so much memory, mostly with a shorter context than ours. */
function describeUsual(memoryBytes: number): string {
  const row = APPLE.findLast(({ memoryGb }) => memoryBytes >= memoryGb * 1e9) ?? APPLE[0];
  return `people run ${row?.model} (${row?.quantisation}) on a Mac with ${row?.memoryGb} GB`;
}

/** The finest quantisation that still fits where the usual one does. */
function bestTag(known: Known, contextTokens: number, machine: Machine) {
  const usual = estimate(toWeights(known, "Q4_K_M"), contextTokens, machine);
  const tags = Object.entries(known.tags ?? {}).map(([quantisation, tag]) => {
    const fit = estimate(toWeights(known, quantisation), contextTokens, machine);
    return { quantisation, tag, fit };
  });
  // On a processor half the bits are twice the speed.
  const finer = usual.runs === "gpu" ? tags.filter(({ fit }) => fit.runs === "gpu") : [];
  return finer.at(-1) ?? { quantisation: "Q4_K_M", tag: known.name, fit: usual };
}

export const smallFault = (name: string, parameters: number) =>
  new Fault("MODEL_SMALL", { name, size: describeCount(parameters) });

const describeCount = (count: number) =>
  count < 1e9 ? `${Math.round(count / 1e6)}M` : `${Math.round(count / 1e8) / 10}B`;

const toGb = (bytes: number) => Math.round(bytes / 1e8) / 10;
