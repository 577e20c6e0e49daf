/** The prices that config names, by `provider/model`. */

import type { Locality } from "../../protocol/event.ts";
import { defaultBaseUrl, presetNamed } from "../presets.ts";
import { placeBeforehand } from "../reach.ts";
import { settingsOf } from "../server.ts";
import type { ModelsSettings } from "../settings.ts";
import { chooseComparison, type Comparison } from "./compare.ts";
import type { Price } from "./price.ts";

export type Prices = {
  of(ref: string): Price | undefined;
  /** What local work is compared with. */
  comparison: Comparison | undefined;
};

export function createPrices(
  { providers }: Pick<ModelsSettings, "providers">,
  /** Refs in the order in which they are asked, and `cost.compareWith`. */
  { chain, wanted }: { chain: readonly string[]; wanted: string | undefined },
): Prices {
  const providerOf = (id: string) => (Object.hasOwn(providers, id) ? providers[id] : undefined);
  const of = (ref: string) => {
    const { provider, model } = parted(ref);
    return settingsOf(providerOf(provider), model)?.cost;
  };
  const isCloud = (ref: string) => placeOfProvider(parted(ref).provider) === "cloud";
  function placeOfProvider(id: string): Locality {
    const settings = providerOf(id);
    const baseUrl = settings?.baseUrl ?? defaultBaseUrl(presetNamed(id)) ?? "";
    return placeBeforehand({ baseUrl, settings }).locality;
  }
  const named = Object.entries(providers).flatMap(([id, { models }]) =>
    Object.keys(models).map((model) => `${id}/${model}`),
  );
  const refs = [...chain, ...named];
  return { of, comparison: chooseComparison({ wanted, refs, priceOf: of, isCloud }) };
}

function parted(ref: string): { provider: string; model: string } {
  const slash = ref.indexOf("/");
  return { provider: ref.slice(0, Math.max(0, slash)), model: ref.slice(slash + 1) };
}
