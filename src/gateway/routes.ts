import type { Route } from "../protocol/route.ts";
import { chatRoute, type ChatDeps } from "./openai/chat.ts";
import { embeddingRoute, type EmbeddingDeps } from "./openai/embeddings.ts";
import { modelRoutes, type ModelDeps } from "./openai/models.ts";
import { responseRoutes, type ResponseDeps } from "./responses/routes.ts";
import { accountRoutes, type AccountAuth } from "./routes/account.ts";
import { contextRoutes, type ContextDeps } from "./routes/context.ts";
import { costRoutes, type CostDeps } from "./routes/cost.ts";
import { egressRoutes, type EgressDeps } from "./routes/egress.ts";
import { documentRoutes, type DocumentDeps } from "./routes/documents.ts";
import { engineRoutes, type EngineDeps } from "./routes/engine.ts";
import { healthRoutes, type HealthDeps } from "./routes/health.ts";
import { keepingRoutes, type KeepingDeps } from "./routes/models.ts";
import { serviceRoutes, type ServiceDeps } from "./routes/services.ts";
import { probeRoutes, type ProbeRouteDeps } from "./routes/probe.ts";
import { reachRoutes, type ReachDeps } from "./routes/reach.ts";
import { systemRoutes, type SystemDeps } from "./routes/system.ts";

export type GatewayRouteDeps = SystemDeps &
  ReachDeps &
  KeepingDeps &
  EngineDeps &
  EgressDeps &
  DocumentDeps &
  ProbeRouteDeps &
  HealthDeps &
  ServiceDeps &
  ContextDeps &
  CostDeps &
  ChatDeps &
  ResponseDeps &
  EmbeddingDeps &
  Omit<ModelDeps, "models"> & { auth: AccountAuth };

/** The routes of the gateway itself; rooms bring their own. */
export const gatewayRoutes = (deps: GatewayRouteDeps): Route[] => [
  ...healthRoutes(deps),
  ...accountRoutes(deps.auth),
  ...systemRoutes(deps),
  ...reachRoutes(deps),
  ...serviceRoutes(deps),
  ...keepingRoutes(deps),
  ...engineRoutes(deps),
  ...egressRoutes(deps),
  ...documentRoutes(deps),
  ...probeRoutes(deps),
  ...contextRoutes(deps),
  ...costRoutes(deps),
  ...modelRoutes(deps),
  chatRoute(deps),
  ...responseRoutes(deps),
  embeddingRoute(deps),
];
