/** The bodies of `/api/models/…`: what is loaded, loading, downloading and removing. */

import { z } from "zod";

import type { FaultReport } from "../base/fault.ts";
import type { Scorecard } from "./scorecard.ts";

/** One model in a server's memory. What a server does not tell is not there. */
export type LoadedModel = {
  ref: string;
  provider: string;
  locality: string;
  /** What it was loaded with; for a server with slots, of each. */
  contextTokens?: number;
  /** In memory with its cache, and of that on graphics cards. */
  sizeBytes?: number;
  gpuBytes?: number;
  /** From 0, all on the processor, to 1. */
  gpuShare?: number;
  /** When its server drops it, in ms since 1970; null for never. */
  until?: number | null;
  /** Requests that it answers side by side. */
  slots?: { total: number; busy: number };
  state: "loaded" | "loading" | "sleeping";
  /** What is slow or wrong about it, and the fix. */
  warning?: FaultReport;
};

export type LoadedModels = {
  models: LoadedModel[];
  /** Servers that do not tell what they have loaded. */
  silent: string[];
  faults: FaultReport[];
};

/** What one model is, from its server and from what is known of it here. */
export type ModelDetails = {
  ref: string;
  provider: string;
  locality: string;
  why: string;
  contextTokens: number;
  maxContextTokens?: number | undefined;
  loadedContextTokens?: number | undefined;
  tools?: boolean | undefined;
  vision?: boolean | undefined;
  reasoning?: boolean | undefined;
  loaded?: boolean | undefined;
  sizeBytes?: number | undefined;
  digest?: string | undefined;
  family?: string | undefined;
  parameters?: string | undefined;
  quantisation?: string | undefined;
  format?: string | undefined;
  license?: string | undefined;
  path?: string | undefined;
  modifiedAt?: number | undefined;
  defaults?: string | undefined;
  /** What its cache is made of. */
  shape?: ModelShape | undefined;
  /** What kept its server from saying more. */
  fault?: FaultReport | undefined;
  /** What a person set in config, which is sent with each request. */
  params: Record<string, unknown>;
  /** What a probe measured. */
  scorecard?: Scorecard | undefined;
};

/** The parts of a model that its key-value cache depends on. */
export type ModelShape = {
  layers: number;
  /** Heads that keep keys and values, one number for all layers or one for each. */
  kvHeads: number | readonly number[];
  keyLength: number;
  valueLength: number;
  contextTokens?: number;
  parameterCount?: number;
};

const Ref = z.string().min(1).max(300);

export const ModelNamed = z.object({ model: Ref });
export const ModelRemove = z.object({
  model: Ref,
  /** Also where it could not be downloaded again. */
  force: z.boolean().optional(),
});
export const ModelPull = z.object({
  name: Ref,
  /** The provider that is to download it, where several can. */
  server: z.string().max(100).optional(),
  insecure: z.boolean().optional(),
});

/** What a load or a download tells while it runs; the last one is `done` or `failed`. */
export type KeepingEvent =
  | {
      type: "progress";
      text: string;
      doneBytes?: number;
      totalBytes?: number;
      bytesPerSecond?: number;
      secondsLeft?: number;
      /** The server goes on with it also when nobody watches. */
      goesOn?: true;
    }
  | { type: "done"; ref: string; seconds: number; loaded?: LoadedModel }
  | ({ type: "failed" } & FaultReport);
