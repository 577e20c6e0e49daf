import type { QueueReport } from "../protocol/api.ts";
import type { Counts } from "./metrics.ts";

export type PrometheusText = { contentType: string; text: string };

/**
 * The counts in Prometheus' text format. The library is loaded at the first scrape (46 ms, 2 MB): most
 * gateways are never scraped.
 */
export async function writePrometheus(
  counts: Counts,
  gauges: { openStreams: number; version: string; queues: readonly QueueReport[] },
): Promise<PrometheusText> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  const add = (name: string, help: string, value: number) =>
    new Counter({ name, help, registers }).inc(value);
  const set = (name: string, help: string, value: number) =>
    new Gauge({ name, help, registers }).set(value);

  const requests = new Counter({
    name: "isopod_http_requests_total",
    help: "Answered requests by method, route and status",
    labelNames: ["method", "route", "status"],
    registers,
  });
  for (const { method, route, status, count } of counts.requests.values()) {
    requests.inc({ method, route, status }, count);
  }
  const chats = new Counter({
    name: "isopod_chats_total",
    help: "Chats over /v1 by what answered and how they ended",
    labelNames: ["kind", "outcome"],
    registers,
  });
  for (const { kind, outcome, count } of counts.chats.values()) chats.inc({ kind, outcome }, count);

  set("isopod_chats_running", "Chats over /v1 that are being answered", counts.runningChats);
  set("isopod_event_streams", "Open event streams", gauges.openStreams);
  add("isopod_input_tokens_total", "Prompt tokens of chats over /v1", counts.inputTokens);
  add("isopod_output_tokens_total", "Answered tokens of chats over /v1", counts.outputTokens);
  add("isopod_first_token_seconds_count", "Streamed chats that began", counts.firstTokens.count);
  add(
    "isopod_first_token_seconds_sum",
    "Seconds from request to first token, all together",
    counts.firstTokens.sumMs / 1000,
  );
  const waiting = new Gauge({
    name: "isopod_model_requests_waiting",
    help: "Requests in the line before a model server, by priority",
    labelNames: ["server", "priority"],
    registers,
  });
  const running = new Gauge({
    name: "isopod_model_requests_running",
    help: "Requests that a model server works on",
    labelNames: ["server"],
    registers,
  });
  for (const queue of gauges.queues) {
    const server = queue.servers.join(",");
    running.set({ server }, queue.running);
    for (const [priority, count] of Object.entries(queue.waiting)) {
      waiting.set({ server, priority }, count);
    }
  }
  set("process_resident_memory_bytes", "Resident memory", process.memoryUsage.rss());
  const { user, system } = process.cpuUsage();
  add("process_cpu_seconds_total", "CPU time, user and system", (user + system) / 1e6);
  set(
    "process_start_time_seconds",
    "Start of the process since 1970 UTC",
    Math.round(Date.now() / 1000 - process.uptime()),
  );
  new Gauge({
    name: "isopod_build_info",
    help: "Always 1; the version is a label",
    labelNames: ["version"],
    registers,
  }).set({ version: gauges.version }, 1);
  return { contentType: registry.contentType, text: await registry.metrics() };
}
