/** The gateway's `/api`, as the commands use it: over its Unix socket, or inside this very process. */

import { Fault, ReportedFault } from "../base/fault.ts";
import { readServerEvents } from "../base/sse.ts";
import type {
  ConfigInForce,
  MessageAccepted,
  PairingCode,
  QueueReport,
  SessionCreate,
  SessionDetail,
} from "../protocol/api.ts";
import type { Finding } from "../protocol/check.ts";
import type { ContextReport } from "../protocol/context.ts";
import type { CostReport } from "../protocol/cost.ts";
import type { EgressPolicy } from "../protocol/egress.ts";
import type { AppEvent, Decision, SessionSummary, Status } from "../protocol/event.ts";
import type { CheckReport, LinkSet, ModeReport, ModeSet } from "../protocol/reach.ts";
import type { WindowReport } from "../protocol/window.ts";
import type { Image } from "../protocol/message.ts";
import { createDocumentCalls } from "./document-client.ts";
import { createModelCalls } from "./model-client.ts";
import { createShareCalls } from "./share-client.ts";

/** Carries one request to a gateway. Throws what the way there throws. */
export type Send = (request: {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}) => Promise<{ status: number; body: AsyncIterable<Uint8Array> }>;

export type Client = ReturnType<typeof createClient>;

/** Each method throws the gateway's own fault where it answers with one. */
export function createClient(send: Send, { address, key }: { address: string; key: string }) {
  const request = async (method: string, path: string, signal: AbortSignal, more: More = {}) => {
    const headers = { authorization: `Bearer ${key}`, ...more.headers };
    if (more.body === undefined) return send({ method, path, headers, signal });
    const body = JSON.stringify(more.body);
    return send({
      method,
      path,
      headers: { ...headers, "content-type": "application/json" },
      body,
      signal,
    });
  };

  /** The gateway is of the same version as this command: what it answers is trusted to fit its types. */
  async function call<T>(
    method: string,
    path: string,
    signal: AbortSignal,
    more?: More,
  ): Promise<T> {
    const response = await request(method, path, signal, more);
    return parse(await readText(response.body), response.status, address) as T;
  }

  /** What is told bit by bit. Throws the gateway's fault where it answers with one instead. */
  async function* follow<T>(
    method: string,
    path: string,
    signal: AbortSignal,
    more?: More,
  ): AsyncGenerator<T> {
    const { status, body } = await request(method, path, signal, more);
    if (status !== 200) parse(await readText(body), status, address);
    for await (const { data } of readServerEvents(body)) yield JSON.parse(data) as T; // as `call`
  }

  return {
    ...createGatewayCalls(call, request),
    ...createModelCalls(call, follow),
    ...createDocumentCalls(call, follow),
    ...createShareCalls(call, follow),
    ...createSessionCalls(call, follow),
  };
}

export type Follow = <T>(
  method: string,
  path: string,
  signal: AbortSignal,
  more?: More,
) => AsyncGenerator<T>;

export type Call = <T>(
  method: string,
  path: string,
  signal: AbortSignal,
  more?: More,
) => Promise<T>;
type Request = (
  method: string,
  path: string,
  signal: AbortSignal,
) => Promise<{ status: number; body: AsyncIterable<Uint8Array> }>;

const createGatewayCalls = (call: Call, request: Request) => ({
  status: (signal: AbortSignal) => call<Status>("GET", "/api/status", signal),
  mode: (signal: AbortSignal) => call<ModeReport>("GET", "/api/mode", signal),
  setMode: (wanted: ModeSet, signal: AbortSignal) =>
    call<Status>("PUT", "/api/mode", signal, { body: wanted }),
  setLink: (wanted: LinkSet, signal: AbortSignal) =>
    call<Status>("PUT", "/api/link", signal, { body: wanted }),
  checkLink: (host: string | undefined, signal: AbortSignal) =>
    call<CheckReport>("POST", "/api/mode/check", signal, { body: host ? { host } : {} }),
  doctor: (fix: boolean, signal: AbortSignal) =>
    call<{ findings: Finding[] }>(fix ? "POST" : "GET", "/api/doctor", signal),
  checkContext: (model: string | undefined, signal: AbortSignal) =>
    call<WindowReport>("POST", "/api/context/check", signal, { body: { model } }),
  cost: (question: URLSearchParams, signal: AbortSignal) =>
    call<CostReport>("GET", `/api/cost?${question}`, signal),
  config: (path: string, signal: AbortSignal) =>
    call<ConfigInForce>("GET", `/api/config?path=${encodeURIComponent(path)}`, signal),
  egressPolicy: (signal: AbortSignal) => call<EgressPolicy>("GET", "/api/egress/policy", signal),
  pairingCode: (signal: AbortSignal) => call<PairingCode>("POST", "/api/pairing-codes", signal),
  stopGateway: (signal: AbortSignal) => call<object>("POST", "/api/gateway/stop", signal),

  /** Not ready is an answer, not a failure. */
  async health(
    signal: AbortSignal,
  ): Promise<{ ok: boolean; reasons: string[]; queues: QueueReport[] }> {
    await call<object>("GET", "/api/me", signal); // a wrong key must be told apart from a sick gateway
    const { status, body } = await request("GET", "/readyz", signal);
    const { reasons } = Object(JSON.parse(await readText(body))) as { reasons?: unknown };
    const { queues } = await call<{ queues: QueueReport[] }>("GET", "/api/models/queues", signal);
    const why = Array.isArray(reasons) ? reasons.map(String) : [];
    return { ok: status === 200, reasons: why, queues };
  },
});

const createSessionCalls = (call: Call, follow: Follow) => {
  const at = (id: string, more = "") => `/api/sessions/${encodeURIComponent(id)}${more}`;
  return {
    /** One's own, newest first. */
    sessions: (signal: AbortSignal) =>
      call<{ sessions: SessionSummary[] }>("GET", "/api/sessions", signal),
    createSession: (session: SessionCreate, signal: AbortSignal) =>
      call<SessionSummary>("POST", "/api/sessions", signal, { body: session }),
    updateSession: (id: string, change: { model: string | null }, signal: AbortSignal) =>
      call<SessionSummary>("PATCH", at(id), signal, { body: change }),
    deleteSession: (id: string, signal: AbortSignal) => call<object>("DELETE", at(id), signal),
    session: (id: string, signal: AbortSignal) => call<SessionDetail>("GET", at(id), signal),
    context: (id: string, signal: AbortSignal) =>
      call<ContextReport>("GET", at(id, "/context"), signal),

    sendMessage(
      id: string,
      {
        text,
        images = [],
        attended,
      }: { text: string; images?: readonly Image[]; attended: boolean },
      signal: AbortSignal,
    ) {
      const headers = attended ? { "x-isopod-attended": "1" } : {};
      return call<MessageAccepted>("POST", at(id, "/messages"), signal, {
        body: { text, ...(images.length > 0 && { images }) },
        headers,
      });
    },
    stopTurn: (id: string, signal: AbortSignal) =>
      call<{ stopped: boolean }>("POST", at(id, "/stop"), signal),
    decide(approval: string, decision: Decision, signal: AbortSignal) {
      const path = `/api/approvals/${encodeURIComponent(approval)}`;
      return call<object>("POST", path, signal, { body: { decision } });
    },

    grants: (signal: AbortSignal) => call<{ grants: string[] }>("GET", "/api/grants", signal),
    forget: (grant: string, signal: AbortSignal) =>
      call<object>("DELETE", `/api/grants/${encodeURIComponent(grant)}`, signal),

    /** Everything after a cursor, as it happens. Ends when the gateway does. */
    events: (cursor: string, signal: AbortSignal) =>
      follow<AppEvent>("GET", `/api/events?after=${encodeURIComponent(cursor)}`, signal),
  };
};

type More = { body?: object; headers?: Record<string, string> };

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

function parse(text: string, status: number, address: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const detail = `it answered ${status} with something that is not JSON`;
    throw new Fault("GATEWAY_SILENT", { address, detail }, { cause });
  }
  if (status < 400) return value;
  throw (
    ReportedFault.from(value) ??
    new Fault("GATEWAY_SILENT", { address, detail: `it answered ${status}` })
  );
}
