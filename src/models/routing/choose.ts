/**
 * Which model answers where nobody has said. Pure. Only one that is proved to run on this device: what
 * is loaded first, then what fits into memory, then the largest with tools. The rest is told with reasons.
 */

import type { Locality } from "../../protocol/event.ts";
import type { Model } from "../provider.ts";

export type Offer = { ref: string; model: Model; locality: Locality; why: string };
export type Memory = { totalBytes: number; availableBytes: number };

export type Choice = {
  chosen: Offer | undefined;
  /** One sentence, for the chosen or for why there is none. */
  why: string;
  /** A sentence for each that was passed over for a reason a person can mend. */
  rejected: { ref: string; reason: string }[];
};

const GIB = 1024 ** 3;
/** Weights as they lie on disk, a cache for 8k tokens and the server's own buffers. */
const neededBytes = (sizeBytes: number) => sizeBytes * 1.15 + 1 * GIB;
/** What the rest of a machine keeps of its memory even when asked to make room. */
const USABLE_PART = 0.85;

export function chooseModel(offers: readonly Offer[], memory: Memory): Choice {
  const rejected: Choice["rejected"] = [];
  const fitting = offers.filter((offer) => {
    const reason = reasonAgainst(offer, memory);
    if (reason) rejected.push({ ref: offer.ref, reason });
    return !reason;
  });
  const [chosen] = fitting.toSorted((a, b) => compare(a, b, memory));
  if (!chosen) return { chosen: undefined, why: explainNone(offers, rejected), rejected };
  return { chosen, why: explain(chosen, fitting, memory), rejected };
}

function reasonAgainst({ model, locality, why }: Offer, memory: Memory): string | undefined {
  if (model.chat === false) return "it only embeds, it does not chat";
  if (locality === "cloud") return `it runs in the cloud: ${why}`;
  if (model.missing !== undefined) return model.missing;
  if (locality !== "device" && locality !== "embedded")
    return `it is not proved to run on this machine: ${why}`;
  if (model.loaded || model.sizeBytes === undefined) return undefined;
  const needed = neededBytes(model.sizeBytes);
  if (needed <= memory.totalBytes * USABLE_PART) return undefined;
  return `it needs about ${toGib(needed)} GiB of memory and this machine has ${toGib(memory.totalBytes)}; if your graphics card holds it, pick it with \`isopod models use\``;
}

/** The better one first. Names decide last, so that the same machine always gives the same answer. */
function compare(a: Offer, b: Offer, memory: Memory): number {
  return (
    rank(b, memory) - rank(a, memory) ||
    (b.model.sizeBytes ?? 0) - (a.model.sizeBytes ?? 0) ||
    (a.ref < b.ref ? -1 : 1)
  );
}

/** A model without tools chats only: it comes after all others, loaded or not. */
function rank({ model }: Offer, memory: Memory): number {
  const tools = model.tools === false ? 0 : 8;
  const loaded = model.loaded ? 4 : 0;
  const fitsNow =
    model.sizeBytes !== undefined && neededBytes(model.sizeBytes) <= memory.availableBytes ? 2 : 0;
  // Whether a model has tools may be unknown; one that surely has them comes before it.
  return tools + loaded + fitsNow + (model.tools ? 1 : 0);
}

function explain({ ref, model }: Offer, fitting: readonly Offer[], memory: Memory): string {
  const others = fitting.length - 1;
  const reasons = [
    model.loaded
      ? "it is loaded already"
      : fitsNow(model, memory)
        ? "it fits into free memory"
        : "it fits into memory",
    ...(model.tools === false
      ? ["none there can call tools"]
      : model.tools
        ? ["it can call tools"]
        : []),
    ...(others > 0 && !model.loaded ? [`it is the largest of ${others + 1} that do`] : []),
  ];
  return `"${ref}" runs on this machine and was chosen because ${join(reasons)}`;
}

const fitsNow = ({ sizeBytes }: Model, { availableBytes }: Memory) =>
  sizeBytes !== undefined && neededBytes(sizeBytes) <= availableBytes;

function explainNone(offers: readonly Offer[], rejected: Choice["rejected"]): string {
  const [first] = rejected;
  if (!first) return offers.length === 0 ? "no model server answers on this machine" : "";
  const more = rejected.length > 1 ? `, and ${rejected.length - 1} more were passed over` : "";
  return `"${first.ref}" was not taken: ${first.reason}${more}`;
}

const toGib = (bytes: number) => Math.ceil(bytes / GIB);

const join = (parts: string[]) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : (parts[0] ?? "");
