import { Fault } from "../../base/fault.ts";
import type { LocalServicesOwner } from "../../models/local-service/services.ts";
import type { QueueReport } from "../../protocol/api.ts";
import { ServiceApprove } from "../../protocol/local-service.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

export type ServiceDeps = {
  services: Pick<LocalServicesOwner, "list" | "approve" | "stop">;
  /** How long the lines before the model servers are. */
  queues: () => QueueReport[];
};

/** Peers that sit at the machine itself. */
const HERE = new Set(["unix", "process"]);

export const serviceRoutes = ({ services, queues }: ServiceDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/models/queues",
    scope: "read",
    handle: async () => ({ queues: queues() }),
  }),
  defineRoute({
    method: "GET",
    // A command line may hold a key of its server.
    path: "/api/models/services",
    scope: "admin",
    handle: async () => ({ services: await services.list() }),
  }),
  defineRoute({
    method: "POST",
    path: "/api/models/services/:id/approve",
    scope: "admin",
    body: ServiceApprove,
    handle: async ({ params, body, peer }) => {
      const provider = params["id"] ?? "";
      // What runs on a machine is for who sits at it to say; an admin's key may be anywhere.
      if (!HERE.has(peer)) throw new Fault("MODEL_SERVICE_ELSEWHERE", { provider });
      return services.approve(provider, body.hash);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/models/services/:id/stop",
    scope: "admin",
    handle: ({ params }) => services.stop(params["id"] ?? ""),
  }),
];
