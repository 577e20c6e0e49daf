/**
 * The one event union. The agent emits it, the store and the tests read it, the app and the CLI show
 * it; `isopod chat --json` prints it, an object a line.
 */

export type TurnEvent =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "tool-call"; id: string; tool: string; input: unknown }
  | { type: "tool-result"; id: string; tool: string; ok: boolean; output: string }
  | { type: "approval"; approval: ApprovalRequest }
  | { type: "approval-decided"; id: string; decision: Decision }
  /** What the turn waits for; `text` is for people ("reading 9,200 tokens, about 40 s"). */
  | { type: "waiting"; on: "queue" | "model"; text: string; position?: number; seconds?: number }
  | ({ type: "usage" } & Usage)
  /** Something a person should know and nobody must act on: a repair, a switch, a compaction. */
  | { type: "note"; code: string; text: string }
  | { type: "done"; reason: "stop" | "length" }
  | { type: "failed"; code: string; message: string; fix: string };

export type Usage = {
  /** All of the prompt, what was cached included. */
  inputTokens: number;
  outputTokens: number;
  /** Prompt tokens that the server took from its cache, where it says so. */
  cachedTokens?: number;
  /** Those that it put there at a price of their own, where it says so. */
  cacheWriteTokens?: number;
  /** The context window that the request was budgeted against. */
  contextTokens: number;
  /** How long the server read what was not cached, and wrote the answer, where it says so. */
  promptMs?: number;
  outputMs?: number;
  /** In the currency of the config; only where the model has a price. */
  cost?: number;
};

/** The lasting ones only where the question offers them. */
export type Decision = "allow" | "allow-session" | "allow-always" | "deny";

/** A question to a person. `command` is what would happen, escaped: nothing in it is a control character. */
export type ApprovalRequest = {
  id: string;
  session: string;
  tool: string;
  why: string;
  command: string;
  /** What may be allowed for longer than this call, such as "web:example.org"; escaped as well. */
  lasting?: string;
  expiresAt: number;
};

/** What `/api/events` carries, each under a cursor `epoch:seq`. */
export type AppEvent =
  | { type: "turn"; session: string; turn: string; event: TurnEvent }
  | { type: "message"; session: string; turn: string; message: SessionMessage }
  | { type: "session"; session: SessionSummary }
  | { type: "session-deleted"; session: string }
  | { type: "status"; status: Status }
  /** The cursor is of another run or too old: fetch what is shown anew, then go on from here. */
  | { type: "resync" };

export type SessionSummary = {
  id: string;
  title: string;
  /** `provider/model` that a person picked for this session, where one did. */
  model?: string;
  /** No model beyond this device, the LAN and the mesh is asked in it, whatever the mode. */
  private?: boolean;
  createdAt: number;
  updatedAt: number;
  /** Whether a turn runs or waits. */
  busy: boolean;
};

/** A message as people read it (what the model is sent stands in `models/provider.ts`). */
export type SessionMessage = {
  id: string;
  turn: string;
  at: number;
} & (
  | { role: "user"; text: string; images?: ShownImage[] }
  | {
      role: "assistant";
      text: string;
      reasoning?: string;
      toolCalls: { id: string; tool: string; input: unknown }[];
    }
  | { role: "tool"; callId: string; tool: string; ok: boolean; text: string }
  /** What became of a turn where that was no answer: a fault, a stop; or a note that outlives the turn. */
  | { role: "notice"; code: string; text: string; fix?: string }
);

/** Its bytes are at `/api/sessions/:id/messages/:message/images/:index`. */
export type ShownImage = { name: string; mediaType: string };

export type Mode = "device" | "private" | "internet";
export type Locality = "embedded" | "device" | "lan" | "mesh" | "cloud" | "unknown";

/**
 * What is possible now. `no-link`: nothing is connected. `local`: a network without a way out of it.
 * `unknown`: there is a way, and nobody has gone it yet. `degraded`: requests get no answer. `portal`:
 * somebody answers in the internet's place.
 */
export type Link = "no-link" | "local" | "unknown" | "online" | "degraded" | "portal";
/** What a person says of the link, against what is seen. */
export type LinkOverride = "up" | "down";

export type LinkStatus = {
  state: Link;
  /** For people, a half-sentence. */
  reason: string;
  since: number;
  /** The whole of it, where something that the mode allows does not work for it. */
  hinders?: string;
};

export type Status = {
  version: string;
  mode: Mode;
  /** When the mode ends that a person set for a while; absent for one that stays. */
  modeUntil?: number | "restart";
  link: LinkStatus;
  model: ModelStatus | null;
  sandbox: { ok: boolean; name: string; reason?: string };
  workspace: string;
  /** Each private session works in a folder of its own in there, named by its id. */
  privateWorkspaces: string;
  /** What was found, chosen and repaired at the start, for people. */
  notes: { code: string; text: string }[];
};

export type ModelStatus = {
  /** `provider/model` */
  ref: string;
  locality: Locality;
  contextTokens: number;
  tools: boolean;
  demonstration: boolean;
  /** Why this one was chosen, one sentence. */
  why: string;
};
