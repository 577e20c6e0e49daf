import type { Agent } from "../../agent/agent.ts";
import { ApprovalDecision } from "../../protocol/api.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

export const approvalRoutes = (
  agent: Pick<Agent, "approvals" | "decide" | "grants" | "forget">,
): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/approvals",
    scope: "read",
    handle: async ({ caller }) => ({ approvals: agent.approvals(caller.person) }),
  }),
  defineRoute({
    method: "POST",
    path: "/api/approvals/:id",
    scope: "approve",
    body: ApprovalDecision,
    handle: async ({ caller, params, body }) => {
      await agent.decide(caller.person, params["id"] ?? "", body.decision);
      return {};
    },
  }),
  defineRoute({
    method: "GET",
    path: "/api/grants",
    scope: "read",
    handle: async ({ caller }) => ({ grants: await agent.grants(caller.person) }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/api/grants/:id",
    scope: "approve",
    handle: async ({ caller, params }) => {
      await agent.forget(caller.person, params["id"] ?? "");
      return {};
    },
  }),
];
