/**
 * The gateway's `/api`, as functions. Answers are not parsed again: they come from the same origin, from
 * the program that served this page, and `src/protocol` types both ends.
 */

import type {
  MessageAccepted,
  MessageCreate,
  Me,
  ModelList,
  PairRequest,
  PairResponse,
  SessionDetail,
} from "../../../src/protocol/api.ts";
import type {
  ApprovalRequest,
  Decision,
  Mode,
  SessionSummary,
  Status,
} from "../../../src/protocol/event.ts";

/** What the gateway refused, with what to do about it. */
export class ApiFault extends Error {
  override readonly name = "ApiFault";
  readonly status: number;
  readonly code: string;
  readonly fix: string;

  constructor(status: number, report: { code: string; message: string; fix: string }) {
    super(report.message);
    this.status = status;
    this.code = report.code;
    this.fix = report.fix;
  }
}

/** The gateway was not reached, or broke off: whether it did what was asked is unknown. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Every call throws `ApiFault` or `Unreachable`; an abort passes as it is. */
export interface Api {
  pair(request: PairRequest): Promise<PairResponse>;
  me(): Promise<Me>;
  status(): Promise<Status>;
  models(): Promise<ModelList>;
  selectModel(ref: string): Promise<Status>;
  setMode(mode: Mode): Promise<Status>;
  sessions(): Promise<{ sessions: SessionSummary[] }>;
  createSession(): Promise<SessionSummary>;
  session(id: string): Promise<SessionDetail>;
  renameSession(id: string, title: string): Promise<SessionSummary>;
  deleteSession(id: string): Promise<unknown>;
  send(session: string, message: MessageCreate): Promise<MessageAccepted>;
  /** An image of a stored message, by its place in it. */
  image(of: { session: string; message: string; at: number }, signal: AbortSignal): Promise<Blob>;
  stop(session: string): Promise<{ stopped: boolean }>;
  approvals(): Promise<{ approvals: ApprovalRequest[] }>;
  decide(id: string, decision: Decision): Promise<unknown>;
  /** The event stream after a cursor, or from now on. Resolves with its headers. */
  events(after: string | null, signal: AbortSignal): Promise<Response>;
}

export interface ApiDeps {
  fetch: typeof fetch;
  /** The device proof that pairing gave, or null before pairing. */
  proof(): string | null;
  /** The gateway does not know this device (any more). */
  onUnpaired(): void;
}

export function createApi(deps: ApiDeps): Api {
  const call = (method: string, path: string, body?: unknown) =>
    request(deps, { method, path, body }).then((response) => readJson(response));
  // The types of the answers are the protocol's, kept by the gateway's own tests.
  const get = <T>(path: string) => call("GET", path) as Promise<T>;
  const write = <T>(method: string, path: string, body: unknown = {}) =>
    call(method, path, body) as Promise<T>;

  return {
    pair: (body) => write("POST", "/api/pair", body),
    me: () => get("/api/me"),
    status: () => get("/api/status"),
    models: () => get("/api/models"),
    selectModel: (model) => write("POST", "/api/models/use", { model }),
    setMode: (mode) => write("PUT", "/api/mode", { mode }),
    sessions: () => get("/api/sessions"),
    createSession: () => write("POST", "/api/sessions"),
    session: (id) => get(sessionPath(id)),
    renameSession: (id, title) => write("PATCH", sessionPath(id), { title }),
    deleteSession: (id) => call("DELETE", sessionPath(id)),
    send: (id, message) => write("POST", `${sessionPath(id)}/messages`, message),
    image: async ({ session, message, at }, signal) => {
      const path = `${sessionPath(session)}/messages/${encodeURIComponent(message)}/images/${at}`;
      return (await request(deps, { method: "GET", path }, signal)).blob();
    },
    stop: (id) => write("POST", `${sessionPath(id)}/stop`),
    approvals: () => get("/api/approvals"),
    decide: (id, decision) =>
      write("POST", `/api/approvals/${encodeURIComponent(id)}`, { decision }),
    events: (after, signal) => {
      const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
      return request(deps, { method: "GET", path: `/api/events${query}` }, signal);
    },
  };
}

const sessionPath = (id: string) => `/api/sessions/${encodeURIComponent(id)}`;

async function request(
  deps: ApiDeps,
  { method, path, body }: { method: string; path: string; body?: unknown },
  signal?: AbortSignal,
): Promise<Response> {
  const proof = deps.proof();
  const response = await deps
    .fetch(path, {
      method,
      headers: {
        ...(proof === null ? {} : { "X-Isopod-Device": proof }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      credentials: "same-origin",
      cache: "no-store",
      // A redirect could only lead a request that carries the proof somewhere else.
      redirect: "error",
    })
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new Unreachable(`Cannot reach the gateway at ${path}`, { cause: error });
    });
  if (response.ok) return response;

  const fault = await readFault(response);
  // A refused pairing code is 401 as well, and belongs to the pairing page.
  if (response.status === 401 && path !== "/api/pair") deps.onUnpaired();
  throw fault;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new Unreachable("The gateway's answer broke off", { cause: error });
  }
}

async function readFault(response: Response): Promise<ApiFault> {
  const body: unknown = await response.json().catch(() => undefined);
  if (hasError(body)) return new ApiFault(response.status, body.error);
  // Something stands between this page and the gateway, or the gateway is older than its page.
  return new ApiFault(response.status, {
    code: `HTTP_${response.status}`,
    message: `The gateway answered ${response.status} without saying why`,
    fix: "Reload the page; if it stays so, run `isopod doctor`",
  });
}

function hasError(
  body: unknown,
): body is { error: { code: string; message: string; fix: string } } {
  const error: unknown = typeof body === "object" && body && "error" in body ? body.error : null;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
