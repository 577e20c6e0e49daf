/** `isopod models fit`: what this machine can hold, for one model or for all that are known. */

import { isAbsolute } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Machine, ModelFit } from "../../protocol/model-fit.ts";
import type { Keeping } from "../keeping/keeping.ts";
import { estimateKnown, GOOD_CONTEXT, pick, smallFault, toWeights } from "./advise.ts";
import { estimate, type Weights } from "./estimate.ts";
import { readGgufFile } from "./gguf-file.ts";
import { type MachineDeps, readMachine } from "./machine.ts";
import { readName } from "./name.ts";
import { SMALL_PARAMETERS } from "./tables.ts";

export type Fit = {
  /**
   * Throws `MODEL_FIT_UNKNOWN` for a name that says no size, `MODEL_FILE_UNREADABLE`, and what keeps an
   * installed model from being looked at.
   */
  (wanted: FitWanted, signal: AbortSignal): Promise<ModelFit>;
};

export type FitWanted = {
  /** A GGUF file's path, an installed model, or a name with a size in it. All that are known without it. */
  name?: string | undefined;
  contextTokens?: number | undefined;
};

export type FitDeps = MachineDeps & {
  keeping: Pick<Keeping, "look">;
  /** Whether a probe has found that a model's tool calls can be relied on. */
  toolsProved: (ref: string) => boolean | Promise<boolean>;
};

export function createFit(deps: FitDeps): Fit {
  return async ({ name, contextTokens: wanted }, signal) => {
    const contextTokens = wanted ?? GOOD_CONTEXT;
    const machine = await readMachine(deps, signal);
    if (name === undefined) {
      return { machine, models: estimateKnown(machine, contextTokens), ...pick(machine, wanted) };
    }
    const weights = await findWeights(name, deps, signal);
    const model = estimate(weights, contextTokens, machine);
    return { machine, models: [model], warnings: await warnOf(weights, model.runs, deps, machine) };
  };
}

/** Whether a name means a file of this machine, not a model that a server has. */
export const isGgufFile = (name: string) => isAbsolute(name) && name.endsWith(".gguf");

async function findWeights(
  name: string,
  { keeping }: FitDeps,
  signal: AbortSignal,
): Promise<Weights> {
  if (isGgufFile(name)) return readGgufFile(name);
  const installed = await lookAt(name, keeping, signal);
  if (installed) return installed;
  const named = readName(name);
  if (!named) throw new Fault("MODEL_FIT_UNKNOWN", { name });
  const { parameters, bits, quantisation, known } = named;
  const weightBytes = (parameters * bits) / 8;
  if (known) return { ...toWeights(known, quantisation), weightBytes, name };
  return { name, title: name, weightBytes, parameters, quantisation, basis: "name" };
}

/** What a server that has the model says of it; undefined where none has it. */
async function lookAt(
  name: string,
  keeping: FitDeps["keeping"],
  signal: AbortSignal,
): Promise<Weights | undefined> {
  try {
    const { candidate, details } = await keeping.look(name, signal);
    const { sizeBytes } = candidate.model;
    if (sizeBytes === undefined) return undefined;
    return {
      name: candidate.ref,
      title: candidate.ref,
      weightBytes: sizeBytes,
      parameters: details.shape?.parameterCount,
      quantisation: details.quantisation,
      shape: details.shape,
      maxContextTokens: candidate.model.contextTokens,
      basis: "server",
    };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return undefined; // not there, or its server is not: its name may still say how large it is
  }
}

async function warnOf(
  { name, parameters, weightBytes }: Weights,
  runs: ModelFit["models"][number]["runs"],
  { toolsProved }: FitDeps,
  { usable }: Machine,
): Promise<ModelFit["warnings"]> {
  const faults: Fault[] = [];
  if (runs === "none") {
    const gigabytes = Math.round((usable.gpuBytes + usable.ramBytes) / 1e8) / 10;
    faults.push(new Fault("MODEL_TOO_LARGE", { name, gigabytes }));
  }
  // Without a count: half of the bytes, since most are stored with 4 bits or a little more.
  const count = parameters ?? weightBytes * 2;
  if (count < SMALL_PARAMETERS && !(await toolsProved(name))) faults.push(smallFault(name, count));
  return faults.map((fault) => fault.toJSON());
}
