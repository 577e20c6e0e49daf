import type { EgressPolicy } from "../../protocol/egress.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

export type EgressDeps = { egressPolicy: () => EgressPolicy };

/** What may be contacted. Hosts and settings stand in the ledger as well; nobody's words do. */
export const egressRoutes = ({ egressPolicy }: EgressDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/egress/policy",
    scope: "read",
    handle: async () => egressPolicy(),
  }),
];
