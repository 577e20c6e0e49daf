/** How many requests a server works on at once, where anything says so. More would only wait in there. */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { createModelServer, type ModelServerOptions } from "../model-server.ts";
import { type ProductId, rootOf } from "../presets.ts";
import type { ProviderSettings } from "../settings.ts";

/** Where nothing is known: vLLM batches so many by itself (`max_num_seqs`), and our queue must not slow it down. */
const UNKNOWN_SLOTS = 256;

/** Ollama batches few, and its own queue knows no people: what waits had better wait here. */
const OLLAMA_SLOTS = 32;

/** Undefined where the server does not say. Throws the signal's reason only. */
export async function readSlots(
  product: ProductId,
  options: ModelServerOptions,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (product !== "llamacpp") return undefined;
  const server = createModelServer({ ...options, baseUrl: rootOf(options.baseUrl) });
  try {
    return (await server.read("/props", Props, signal)).total_slots;
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return undefined; // an old one, or one that was started with --no-props
  }
}

/** Config's word, else the server's, else what Ollama is told by its environment. Pure. */
export function chooseLimit(from: {
  settings: ProviderSettings | undefined;
  product: ProductId;
  slots: number | undefined;
  env: Readonly<Record<string, string | undefined>>;
}): number {
  const { settings, product, slots, env } = from;
  const service = settings?.localService;
  const parallel = service?.parallel ?? service?.env[NUM_PARALLEL] ?? env[NUM_PARALLEL];
  const known = settings?.maxConcurrent ?? slots;
  if (known !== undefined) return known;
  if (product !== "ollama") return UNKNOWN_SLOTS;
  const told = Number(parallel);
  return told >= 1 ? Math.floor(told) : OLLAMA_SLOTS;
}

const NUM_PARALLEL = "OLLAMA_NUM_PARALLEL";

const Props = z.object({ total_slots: z.number().int().positive() });
