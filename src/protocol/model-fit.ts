/** The body of `GET /api/models/fit`: what this machine can hold, and what to run on it. */

import type { FaultReport } from "../base/fault.ts";

export type Machine = {
  system: string;
  processor: string;
  ramBytes: number;
  /** What a container or a control group leaves of it, where one does. */
  limitBytes?: number;
  gpus: {
    name: string;
    maker: "nvidia" | "amd" | "apple";
    totalBytes: number;
    freeBytes?: number;
  }[];
  /** Whether processor and graphics share one memory. */
  unified: boolean;
  /** What models may take: the rest is for the system and whatever else runs. */
  usable: { gpuBytes: number; ramBytes: number };
};

/** Where a model would run: all on the card, partly, on the processor, or nowhere. */
export type Runs = "gpu" | "split" | "cpu" | "none";

export type Estimate = {
  name: string;
  title: string;
  parameters?: number;
  quantisation?: string;
  contextTokens: number;
  weightBytes: number;
  cacheBytes: number;
  overheadBytes: number;
  totalBytes: number;
  runs: Runs;
  /** The longest context with which it still runs there. */
  mostContextTokens?: number;
  /** What the figures come from: a file's header, its server, our table, or the size in its name. */
  basis: "file" | "server" | "table" | "name";
  /** What its users say of its tool calls. */
  tools?: string;
  notes?: string;
};

export type ModelFit = {
  machine: Machine;
  models: Estimate[];
  /** The one to run, where any fits. */
  pick?: {
    name: string;
    /** The command that fetches it. */
    pull: string;
    contextTokens: number;
    why: string;
  };
  warnings: FaultReport[];
};
