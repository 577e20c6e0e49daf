/**
 * The bodies of `/api`, as schemas. The app imports their types only (`import type`), the gateway parses
 * with them, the CLI reads with them. Times are milliseconds since 1970 UTC.
 *
 * | route | scope | in | out |
 * | --- | --- | --- | --- |
 * | POST /api/pair | none | PairRequest | PairResponse, and the cookie |
 * | GET /api/me | read | | Me |
 * | GET /api/status | read | | Status (event.ts) |
 * | GET /api/models | read | | ModelList |
 * | GET /api/models/loaded, /api/models/details?model= | read | | LoadedModels, ModelDetails (model-keeping.ts) |
 * | GET /api/models/fit?name=&context= | read | | ModelFit (model-fit.ts) |
 * | POST /api/models/load, /api/models/pull | admin | { model }, ModelPull | SSE: data is a KeepingEvent |
 * | POST /api/models/unload, /api/models/remove | admin | { model }, ModelRemove | { ref } |
 * | POST /api/models/probe | admin | ProbeOrder | SSE: data is a ProbeEvent (scorecard.ts) |
 * | GET /api/models/queues | read | | { queues: QueueReport[] } |
 * | GET /api/models/services | admin | | { services: ServiceReport[] } (local-service.ts) |
 * | POST /api/models/services/:id/approve | admin | ServiceApprove | ServiceReport |
 * | POST /api/models/services/:id/stop | admin | | ServiceReport |
 * | GET /api/documents | read | | DocumentList (documents.ts), one's own |
 * | POST /api/documents | admin | DocumentsAdd | SSE: data is a DocumentEvent |
 * | POST /api/documents/search | read | DocumentsSearch | DocumentsFound, in one's own |
 * | DELETE /api/documents/:id | admin | | { name, path } |
 * | GET /api/share, POST /api/share/stop | admin | | ShareStatus (share.ts) |
 * | POST /api/share/start, /api/share/codes | admin | ShareStart, ShareCode | ShareStatus, SharePairing |
 * | DELETE /api/share/devices/:id | admin | | { id, name } |
 * | POST /api/share/look, /api/share/join | admin | ShareLook, ShareJoin | { url, fingerprint }, ShareJoined |
 * | POST /api/share/copy | admin | CopyAsked | SSE: data is a KeepingEvent |
 * | POST /api/models/use | admin | { model } | Status |
 * | GET /api/mode | read | | ModeReport (reach.ts) |
 * | PUT /api/mode | admin | ModeSet (reach.ts) | Status |
 * | POST /api/mode/check | admin | CheckOrder | CheckReport |
 * | PUT /api/link | admin | LinkSet | Status |
 * | GET /api/sessions | read | | { sessions: SessionSummary[] }, newest first |
 * | POST /api/sessions | chat | SessionCreate | SessionSummary |
 * | GET /api/sessions/:id | read | | SessionDetail |
 * | PATCH /api/sessions/:id | chat | SessionUpdate | SessionSummary |
 * | DELETE /api/sessions/:id | chat | | {} |
 * | POST /api/sessions/:id/messages | chat | MessageCreate | 202 MessageAccepted, once it is on disk |
 * | GET /api/sessions/:id/messages/:message/images/:index | read | | the image, from 0 on |
 * | POST /api/sessions/:id/stop | chat | | { stopped: boolean } |
 * | GET /api/approvals | read | | { approvals: ApprovalRequest[] } |
 * | POST /api/approvals/:id | approve | { decision } | {} |
 * | GET /api/grants, DELETE /api/grants/:id | read, approve | | { grants: string[] }, {} |
 * | GET /api/events?after=CURSOR | read | | SSE: id is the cursor, data an AppEvent |
 * | POST /api/pairing-codes | admin | | PairingCode |
 * | GET /api/devices, DELETE /api/devices/:id | read, admin | | { devices: Device[] }, {} |
 * | GET /api/keys, POST /api/keys, DELETE /api/keys/:id | admin | KeyCreate | { keys: Key[] }, KeyCreated, {} |
 * | POST /api/context/check | admin | { model? } | WindowReport (window.ts) |
 * | GET /api/sessions/:id/context | read | | ContextReport (context.ts) |
 * | GET /api/cost?by=day\|model\|session\|turn&since=WHEN | read | | CostReport (cost.ts), one's own; the owner's is everybody's |
 * | GET /api/config?path=PATH | admin | | ConfigInForce |
 * | GET /api/ledger?limit=N | read | | { lines: LedgerLine[] } |
 * | GET /api/egress/policy | read | | EgressPolicy (egress.ts) |
 * | GET /api/doctor, POST /api/doctor | read, admin | | { findings: Finding[] } (check.ts); POST mends |
 * | POST /api/gateway/stop | admin | | {} |
 *
 * Every error is `{ "error": { "code", "message", "fix" } }` with the status of its fault. A browser sends
 * its cookie and the header `X-Isopod-Device` with the proof that pairing gave it; programs send
 * `Authorization: Bearer <key>`.
 */

import { z } from "zod";

import type { Counted } from "./counters.ts";
import { Images } from "./image.ts";
import type { Scorecard } from "./scorecard.ts";
import type { SessionMessage, SessionSummary, TurnEvent } from "./event.ts";

export const SCOPES = ["chat", "read", "approve", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export const PairRequest = z.object({
  code: z.string().min(4).max(64),
  /** What the person calls this device, such as "Kim's phone". */
  device: z.string().min(1).max(80),
});
export type PairRequest = z.infer<typeof PairRequest>;

export type PairResponse = { person: string; device: string; proof: string };

export type Me = { person: { id: string; name: string }; device?: string; scopes: Scope[] };

export const ModelUse = z.object({ model: z.string().min(3).max(300) });

export type ModelList = {
  models: {
    ref: string;
    provider: string;
    locality: string;
    /** What it is really used with: what its server gives, or is told with each request. */
    contextTokens: number;
    /** The most it was made for, and what it is loaded with, where its server says so. */
    maxContextTokens?: number;
    loadedContextTokens?: number;
    sizeBytes?: number;
    digest?: string;
    /** Absent where nobody has said. */
    tools?: boolean;
    vision?: boolean;
    reasoning?: boolean;
    loaded?: boolean;
    /** What a probe measured; null where none has. */
    scorecard: Scorecard | null;
    demonstration: boolean;
    /** Makes embeddings and does not chat; so it is not usable, and `/v1/embeddings` takes it. */
    embeds?: boolean;
    /** Whether the current mode lets this model answer, and why not. */
    usable: boolean;
    reason?: string;
  }[];
  current: string | null;
  why: string;
  /** Servers that were asked and did not answer as they should. */
  faults: { code: string; message: string; fix: string }[];
};

/** The line before one model server. */
export type QueueReport = {
  /** The providers that lead to it. */
  servers: string[];
  running: number;
  /** How many it takes at once. */
  limit: number;
  waiting: { person: number; api: number; background: number };
  /** What one who comes now would wait, about; absent where nothing was measured yet. */
  seconds: number | undefined;
};

export const SessionCreate = z.object({
  title: z.string().max(200).optional(),
  model: z.string().max(300).optional(),
  /** For good: a session that was private once is not opened to the cloud afterwards. */
  private: z.boolean().optional(),
});
export type SessionCreate = z.infer<typeof SessionCreate>;

export const SessionUpdate = z.object({
  title: z.string().min(1).max(200).optional(),
  model: z.string().max(300).nullable().optional(),
});
export type SessionUpdate = z.infer<typeof SessionUpdate>;

export const MessageCreate = z
  .object({
    text: z.string().max(1_000_000).default(""),
    /** `{ name?, data }` each, `data` in base64: PNG, JPEG, WebP or GIF. */
    images: Images.optional(),
    /** The same key twice is one message: what a client sends again after a cut connection. */
    key: z.string().min(8).max(80).optional(),
  })
  .refine(({ text, images }) => text !== "" || (images?.length ?? 0) > 0, {
    path: ["text"],
    message: "must say something, or images must come with it",
  });
export type MessageCreate = z.input<typeof MessageCreate>;

export type MessageAccepted = { session: string; turn: string; message: string };

export const ApprovalDecision = z.object({
  decision: z.enum(["allow", "allow-session", "allow-always", "deny"]),
});

/** A session as the app shows it: all its messages, and the cursor to follow `/api/events` from. */
export type SessionDetail = {
  session: SessionSummary;
  messages: SessionMessage[];
  /** What the running turn has emitted so far and the messages do not hold yet. */
  live: { turn: string; events: TurnEvent[] } | null;
  cursor: string;
};

export type PairingCode = { code: string; url: string; expiresAt: number };
export type Device = { id: string; name: string; createdAt: number; lastSeenAt: number };

export const KeyCreate = z.object({
  name: z.string().min(1).max(80),
  scopes: z.array(z.enum(SCOPES)).min(1),
});
export type Key = {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: number;
  lastUsedAt?: number;
};
export type KeyCreated = Key & { key: string };

/** What the running gateway goes by. Secrets are struck out. */
export type ConfigInForce = {
  file: string;
  /** Below the path that was asked for; where each came from is "default", "$NAME" or "file:line". */
  values: { path: string; value: unknown; origin: string }[];
  /** What was translated or left out. */
  notes: { path: string; message: string }[];
  /** Where the file says something else by now. */
  pending?: { code: string; message: string; fix: string };
};

export const LEDGER_KINDS = [
  "connection",
  "request",
  "name",
  "listener",
  "program",
  "worker",
  "mode",
  "attempt",
  "counters",
] as const;

/** What opened, started or changed. Never content: no path of a URL, no header, no argument of a program. */
export type LedgerLine = {
  at: number;
  /**
   * `connection`: a socket was opened. `request`: one request is over, with its bytes. `name`: the system's
   * resolver was asked. `listener`: a port or socket is served. `program`, `worker`: one was started. `mode`:
   * a person changed it. `attempt`: something went round the guard and was refused. `counters`: what the
   * kernel had counted by then.
   */
  kind: (typeof LEDGER_KINDS)[number];
  /** What for, such as "models.chat" or "models.discovery". */
  purpose: string;
  /** Host and port, the path of a Unix socket, the name of a program, or the new mode. */
  host: string;
  /** The address connected to; of a program the network it has ("none", "host"); else empty. */
  address: string;
  sentBytes: number;
  receivedBytes: number;
  verdict: "allowed" | "blocked";
  /** Why it was blocked, or how it failed. */
  why?: string;
  /** Of `counters`: more of what the kernel had counted (`src/protocol/counters.ts`). */
  counters?: Omit<Counted, "sentBytes">;
  /** Its number in the chain; not there for what is not written yet. */
  n?: number;
};
