/** Composes the tools that reach the internet: part of the composition root, beside `app.ts`. */

import type { Config } from "./config/config.ts";
import type { Ground } from "./ground.ts";
import { toAllowedHost } from "./network/policy.ts";
import { networkSetting } from "./network/settings.ts";
import type { Tool } from "./tools/tool.ts";
import { ENGINES } from "./tools/web/engines.ts";
import { toolsSetting } from "./tools/web/settings.ts";
import { createWebFetch } from "./tools/web/web-fetch.ts";
import { createWebSearch } from "./tools/web/web-search.ts";

export function buildWebTools({
  config,
  egress,
}: Pick<Ground, "config" | "egress">): readonly Tool[] {
  const settings = config.get(toolsSetting).web;
  const listed = config
    .get(networkSetting)
    .allow.flatMap((host) => toAllowedHost(host, "network.allow")?.host ?? []);
  const search = createWebSearch({ egress, settings: settings.search });
  const fetch = settings.fetch.enabled && createWebFetch({ egress: egress.web, listed });
  // Each is given only what its own schema let through.
  return [search, fetch].filter(Boolean) as unknown as readonly Tool[];
}

/** Where the search engine that config names stands; it may be connected to, as far as the mode reaches. */
export function searchEngine(config: Config): string {
  const { enabled, provider, url } = config.get(toolsSetting).web.search;
  return enabled && provider ? (url ?? ENGINES[provider].site ?? "") : "";
}
