import { Fault } from "../../base/fault.ts";
import type { ModelList } from "../../protocol/api.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { agentModels } from "./target.ts";

export type ModelDeps = {
  models: (signal: AbortSignal) => Promise<ModelList>;
  /** The ids under `agents.entries`. */
  agents: readonly string[];
  /** When this run began, ms since 1970 UTC: what `created` says of things that were never created. */
  startedAt: number;
};

/**
 * Agents first: clients take the first one where nobody picks. Then what the mode lets answer, and at the end
 * what makes embeddings alone.
 */
export function modelRoutes({ models, agents, startedAt }: ModelDeps): Route[] {
  const created = Math.floor(startedAt / 1000);
  const list = async (signal: AbortSignal) => {
    const all = (await models(signal)).models;
    const found = [...all.filter(({ usable }) => usable), ...all.filter(({ embeds }) => embeds)];
    return [
      ...agentModels(agents).map((id) => ({ id, object: "model", created, owned_by: "isopod" })),
      ...found.map(({ ref, provider, locality, contextTokens }) => ({
        id: ref,
        object: "model",
        created,
        owned_by: provider,
        locality,
        ...(contextTokens === undefined ? {} : { context_window: contextTokens }),
      })),
    ];
  };
  return [
    defineRoute({
      method: "GET",
      path: "/v1/models",
      scope: "chat",
      handle: async ({ signal }) => ({ object: "list", data: await list(signal) }),
    }),
    defineRoute({
      method: "GET",
      // A model's id has slashes in it.
      path: "/v1/models/:id{.+}",
      scope: "chat",
      handle: async ({ params, signal }) => {
        const id = params["id"] ?? "";
        const found = (await list(signal)).find((model) => model.id === id);
        if (!found) throw new Fault("NOT_FOUND", { what: "model", id });
        return found;
      },
    }),
  ];
}
