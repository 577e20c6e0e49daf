/** Which models a config needs, and where each of them is. Pure. */

import { type AgentSettings, modelsNamedBy } from "../../agent/settings.ts";
import { placeOfAddress } from "../../models/locality.ts";
import { defaultBaseUrl, presetAt, presetNamed, type ProductId } from "../../models/presets.ts";
import type { ModelsSettings } from "../../models/settings.ts";
import type { Locality } from "../../protocol/event.ts";

export type NeededModel = {
  /** `provider/model` */
  ref: string;
  provider: string;
  model: string;
  product: ProductId | "embedded";
  locality: Locality;
  /** Where its server is; empty for files that we run ourselves. */
  baseUrl: string;
  /** For files that we run ourselves, where the config names a place. */
  path?: string;
};

/** In the order of the chain: what answers first comes first. */
export function neededModels(agents: AgentSettings, models: ModelsSettings): NeededModel[] {
  return modelsNamedBy(agents).map((ref) => toNeeded(ref, models));
}

export function toNeeded(ref: string, { providers }: ModelsSettings): NeededModel {
  const at = ref.indexOf("/");
  const provider = ref.slice(0, at);
  const model = ref.slice(at + 1);
  const settings = providers[provider];
  const own = { ref, provider, model };
  if (provider === "embedded" || settings?.api === "embedded") {
    const path = settings?.path;
    return {
      ...own,
      product: "embedded",
      locality: "embedded",
      baseUrl: "",
      ...(path && { path }),
    };
  }
  const named = presetNamed(provider);
  const preset =
    named.id === "custom" && settings?.api === "ollama" ? presetNamed("ollama") : named;
  const baseUrl = settings?.baseUrl ?? defaultBaseUrl(preset) ?? "";
  const isCloud = presetAt(baseUrl) !== undefined || isCloudModel(model);
  const locality = isCloud ? "cloud" : (settings?.locality ?? placeOfAddress(baseUrl).locality);
  return { ...own, product: preset.id, locality, baseUrl };
}

/** Ollama's own cloud stands behind localhost, and its models say so in their names. */
const isCloudModel = (model: string) => /[:-]cloud$/.test(model);
