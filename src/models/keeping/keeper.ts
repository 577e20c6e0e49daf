/**
 * What can be done with the models of one server beside asking them. An optional half of a provider: a
 * server that cannot do a thing throws `MODEL_SERVER_CANNOT`, which says what to do instead.
 */

import type { LoadedModel, ModelShape } from "../../protocol/model-keeping.ts";
import type { ModelServerOptions } from "../model-server.ts";
import type { ProductId } from "../presets.ts";

export interface Keeper {
  /** Whether it can be asked to download a model. Throws what keeps the server from saying so. */
  canPull(signal: AbortSignal): Promise<boolean>;

  /** What is in memory now; undefined where the server does not tell. */
  loaded(signal: AbortSignal): Promise<Loaded[] | undefined>;

  /**
   * Resolves once the model is in memory, with this context where the server can be told one. May be called
   * twice. Throws `MODEL_MISSING`, `MODEL_TIMEOUT`, and what the server refuses with.
   */
  load(wanted: Wanted, signal: AbortSignal): Promise<void>;

  /** Frees its memory and keeps its weights. Well also for a model that is not loaded. */
  unload(model: string, signal: AbortSignal): Promise<void>;

  /** What the server says of one model. Throws `MODEL_MISSING`. */
  show(model: string, signal: AbortSignal): Promise<Details>;

  /**
   * Downloads; ends when it is there. To stop reading stops it, and a later call goes on from there.
   * Throws `MODEL_PULL_FAILED`.
   */
  pull(wanted: Pull, signal: AbortSignal): AsyncIterable<PullStep>;

  /** Deletes the weights from its disk. Throws `MODEL_MISSING`. */
  remove(model: string, signal: AbortSignal): Promise<void>;
}

export type Loaded = Omit<LoadedModel, "ref" | "provider" | "locality" | "warning"> & {
  model: string;
};

export type Wanted = {
  model: string;
  contextTokens: number;
  params: Readonly<Record<string, unknown>>;
  /** True for what only makes embeddings. */
  embeds: boolean;
};

export type Pull = {
  /** As the server's own library names it. */
  name: string;
  /** Also from a registry that has no TLS, such as one on this machine. */
  insecure: boolean;
};

export type PullStep = {
  text: string;
  doneBytes?: number;
  totalBytes?: number;
  /** The server goes on also when nobody reads any more. */
  goesOn?: true;
};

export type Details = {
  family?: string;
  /** In the server's own words, such as "8.2B" and "Q4_K_M". */
  parameters?: string;
  quantisation?: string;
  format?: string;
  license?: string;
  /** The file, where the server tells. */
  path?: string;
  modifiedAt?: number;
  /** Runtime parameters that its author set, a line each. */
  defaults?: string;
  /** What the cache is made of, for an estimate of its size. */
  shape?: ModelShape;
};

export type KeeperOptions = ModelServerOptions & {
  product: ProductId;
  /** How long a model may load. */
  loadTimeoutMs: number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Removing and unloading take moments; a busy server may take some of them. */
export const ACT_TIMEOUT_MS = 30_000;
