import type { QueueReport } from "../../protocol/api.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { json } from "../answer.ts";
import type { Metrics } from "../metrics.ts";
import { writePrometheus } from "../prometheus.ts";

export type HealthDeps = {
  /** What keeps the gateway from answering a chat, each a short phrase without anything private. */
  unready: () => Promise<string[]>;
  metrics: Metrics;
  openStreams: () => number;
  /** The lines before the model servers. */
  queues: () => QueueReport[];
  version: string;
};

export const healthRoutes = ({
  unready,
  metrics,
  openStreams,
  queues,
  version,
}: HealthDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/healthz",
    scope: "none",
    handle: async () => ({ ok: true }),
  }),
  defineRoute({
    method: "GET",
    path: "/readyz",
    scope: "none",
    handle: async () => {
      const reasons = await unready();
      const ready = reasons.length === 0;
      return json({ ready, reasons }, ready ? 200 : 503);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/metrics",
    scope: "read",
    handle: async () => {
      const gauges = { openStreams: openStreams(), version, queues: queues() };
      const { text, contentType } = await writePrometheus(metrics.read(), gauges);
      return new Response(text, { headers: { "content-type": contentType } });
    },
  }),
];
