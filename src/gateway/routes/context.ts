import { z } from "zod";

import type { ReadContext } from "../../agent/prefix/context-report.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import type { WindowReport } from "../../protocol/window.ts";

export type ContextDeps = {
  readContext: ReadContext;
  /** Of the model that answers without a name. Throws what keeps it from being asked. */
  checkWindow: (model: string | undefined, signal: AbortSignal) => Promise<WindowReport>;
};

const ContextCheck = z.object({ model: z.string().min(1).max(300).optional() });

export const contextRoutes = ({ readContext, checkWindow }: ContextDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/sessions/:id/context",
    scope: "read",
    handle: ({ caller: { person }, params }) => readContext(person, params["id"] ?? ""),
  }),
  // It keeps a model busy for a minute or two, and everybody waits behind it.
  defineRoute({
    method: "POST",
    path: "/api/context/check",
    scope: "admin",
    body: ContextCheck,
    handle: ({ body, signal }) => checkWindow(body.model, signal),
  }),
];
