import { type ModelSettings, type ProviderSettings } from "../settings.ts";
import { outputLimit, type Params } from "./fields.ts";

/** What config wishes for one model: its own word first, then its provider's, then what it says of all. Pure. */
export function wishesFor(
  own: ModelSettings | undefined,
  provider: ProviderSettings | undefined,
  all: Params,
): { contextWindow?: number; maxTokens?: number; params: Params } {
  const params = { ...all, ...provider?.params, ...own?.params };
  const contextWindow = own?.contextWindow ?? provider?.contextWindow;
  const maxTokens = own?.maxTokens ?? outputLimit(params) ?? provider?.maxTokens;
  return {
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxTokens !== undefined && { maxTokens }),
    params,
  };
}
