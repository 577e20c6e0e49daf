import type { ConfigInForce } from "../protocol/api.ts";
import { defineRoute, type Route } from "../protocol/route.ts";
import { toFault } from "./checks.ts";
import type { Config } from "./config.ts";
import { explain } from "./explain.ts";
import type { ConfigWatch } from "./watch.ts";

/** What the running gateway goes by, which may be older than its file. Secrets are struck out. */
export const configRoutes = (deps: {
  config: Config;
  file: string;
  watch: ConfigWatch;
}): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/config",
    scope: "admin",
    async handle({ query }): Promise<ConfigInForce> {
      const { config, file, watch } = deps;
      const pending = toFault(watch, file);
      return {
        file,
        values: explain(config, query.get("path") ?? ""),
        notes: config.report.notes,
        ...(pending && { pending }),
      };
    },
  }),
];
