import type { ModelList, QueueReport } from "../protocol/api.ts";
import type { Locality, ModelStatus } from "../protocol/event.ts";
import type { Keeping } from "./keeping/keeping.ts";
import type { Scorecard, ToolMode } from "../protocol/scorecard.ts";
import type { Model, Provider } from "./provider.ts";

/** One model on one server, ready to be asked. */
export type Candidate = {
  /** `provider/model` */
  ref: string;
  provider: Provider;
  model: Model;
  locality: Locality;
  /** What the agent budgets and the dialect sends as `num_ctx`. */
  contextTokens: number;
  maxTokens?: number;
  params: Readonly<Record<string, unknown>>;
  /** False for a model that cannot call tools: it gets the chat-only prompt. */
  tools: boolean;
  /** How it calls them, where a probe has measured it; else "native", or "chat" without tools. */
  toolMode?: ToolMode;
  /** The same provider without the forced form of calls, where `provider` forces it. */
  unforced?: Provider;
  /** What was measured of it. */
  scorecard?: Scorecard;
  demonstration: boolean;
  /** One sentence: why this one. */
  why: string;
  /** Where it stands first in a route although another was configured to: that one, and what keeps it. */
  insteadOf?: { ref: string; code: string; message: string };
};

/** Who is configured to answer, and who in their place. */
export type Chain = { primary?: string | undefined; fallbacks: readonly string[] };

/** What a turn asks a route for. */
export type Wanted = {
  /** `provider/model` that a person picked for the session, or that a program named. Strict. */
  picked?: string | undefined;
  /** An agent's own chain. Its primary stands before the default one, and only its own fallbacks count. */
  chain?: Chain | undefined;
  /** A heartbeat asks the model that config gives to heartbeats, where it gives one. */
  purpose?: "heartbeat" | undefined;
  /** Of a private session: what is beyond this device, the LAN and the mesh is masked in every mode. */
  private?: boolean | undefined;
  /** Hears what is waited for while a model server is started. */
  onWait?: ((text: string) => void) | undefined;
};

/** What the agent needs of the models: the route of one turn, who answers and who is next. */
export interface Router {
  /**
   * The route of one turn: the picked model alone where a person picked one, else primary and
   * fallbacks; what mode forbids is left out. Throws the fault of the first one (`MODEL_MISSING`,
   * `MODEL_NOT_ALLOWED`, `MODEL_UNREACHABLE`, …) when nothing is left, `MODEL_NONE` when nothing was named
   * or found.
   */
  route(wanted: Wanted, signal: AbortSignal): Promise<Candidate[]>;
}

/** The router, and what people ask of it. */
export interface Models extends Router {
  /** All there are, for `isopod models list` and `GET /api/models`. A server that fails is a fault in it. */
  list(signal: AbortSignal): Promise<ModelList>;
  /**
   * From now on this one answers where nobody picks another; "auto" gives the choice back to config and
   * discovery. Throws what keeps it from answering.
   */
  use(ref: string, signal: AbortSignal): Promise<ModelStatus>;
  /** Who would answer now; null when nobody would, and `list` says why. */
  current(signal: AbortSignal): Promise<ModelStatus | null>;
  /** What is loaded, and loading, fetching and removing. */
  readonly keeping: Keeping;
  /** How long the lines before the servers are. */
  queues(): QueueReport[];
  /** What was found, repaired and passed over, for people. */
  notes(): { code: string; text: string }[];
  close(): Promise<void>;
}
