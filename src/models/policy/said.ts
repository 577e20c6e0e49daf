import type { Chain } from "../candidate.ts";
import { toChain } from "../routing/chain.ts";
import type { AllowList, Listed } from "./allow-list.ts";

/** `agents` of the config, as far as it names models. */
type Agents = {
  defaults: { model: Chain; models: Listed };
  entries: Readonly<Record<string, { model?: Chain | undefined }>>;
};

/** What config, a person and the environment have said about who answers, as a list of who may. Pure. */
export function toAllowList(
  { defaults, entries }: Agents,
  said: { chosen: () => string | undefined; ollamaModel: string | undefined },
): AllowList {
  const chain = defaults.model;
  const chains = [chain, ...Object.values(entries).flatMap(({ model }) => model ?? [])];
  const refs = chains.flatMap(({ primary, fallbacks }) => [primary ?? [], fallbacks].flat());
  const { chosen, ollamaModel } = said;
  return {
    listed: defaults.models,
    named: () => [...refs, chosen() ?? []].flat(),
    isOpen: (wanted) => toChain(wanted, { chain, used: chosen(), ollamaModel }).length === 0,
  };
}
