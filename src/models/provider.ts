import type { Locality, Usage } from "../protocol/event.ts";
import type { Message, Sealed, ToolCall, ToolSpec } from "../protocol/message.ts";
import type { Keeper } from "./keeping/keeper.ts";
import type { Priority } from "./queue/order.ts";

/** What the agent needs from anything that can run a model. One file per wire dialect makes these. */
export interface Provider {
  /** The id under `models.providers`, or the preset's own. */
  readonly id: string;
  readonly baseUrl: string;

  /** What the server has, with what it says about each. Throws `MODEL_UNREACHABLE`, `MODEL_GARBLED`. */
  listModels(signal: AbortSignal): Promise<Model[]>;

  /**
   * Runs one request. The stream ends with exactly one `done`, or throws: a `Fault` when the provider
   * fails (refused, garbled, cut, unreachable, missing model), the signal's reason when it was aborted.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;

  /**
   * A vector for each text, in their order. Absent where the dialect has no way to. Throws as `chat` does,
   * and `MODEL_WITHOUT_EMBEDDINGS`; what is too long is `MODEL_CONTEXT_EXCEEDED`, never cut.
   */
  embed?(request: EmbedRequest, signal: AbortSignal): Promise<Embedding>;

  /** What can be done with its models beside asking them, where it is no server of a known product. */
  readonly keeper?: Keeper;

  /** Frees workers and connections. May be called twice. */
  close?(): Promise<void>;
}

export type Model = {
  /** As the server calls it. */
  id: string;
  /**
   * Where inference really happens, as far as the dialect can see: "cloud" where the server says so of
   * this model, "embedded" for our own engine, else "unknown". What proves "device" is the router's.
   */
  locality: Locality;
  /** The largest context the model was made for, and the one the server has loaded, where it says so. */
  contextTokens?: number;
  loadedContextTokens?: number;
  /** The one that its author set (Ollama's Modelfile). */
  preferredContextTokens?: number;
  sizeBytes?: number;
  tools?: boolean;
  vision?: boolean;
  reasoning?: boolean;
  loaded?: boolean;
  /** False for what only embeds or ranks. */
  chat?: boolean;
  /** Content digest of the weights, where the server has one. */
  digest?: string;
  demonstration?: boolean;
  /** What keeps it from being asked, and how to mend that; nobody chooses it by itself. */
  missing?: string;
  /**
   * It makes its own prompt of what it is sent, fits that into its window, and says what it left out: the
   * agent need not count.
   */
  fitsItself?: boolean;
};

export type ChatRequest = {
  model: string;
  system: string;
  tools: readonly ToolSpec[];
  /**
   * Neutralised by whoever built them (`neutralise` of hostile.ts, once, on all text that did not come
   * from us); the dialects send it as it is. Arguments of tool calls alone are the dialect's: it yields
   * the server's own bytes, and replays them as they were unless they hold a control token.
   * Dialects keep what they encoded by object: a message that was sent is never changed in place.
   */
  messages: readonly Message[];
  /** Sent as `num_ctx` where the dialect has it; equals what the agent budgets. */
  contextTokens: number;
  maxTokens?: number;
  /** Runtime parameters by the names of the seeds (temperature, top_p, keep_alive, …). */
  params?: Readonly<Record<string, unknown>>;
  /**
   * A JSON schema that the answer is forced into, where the server can: what one cannot force is for the
   * reader to check. Not together with tools.
   */
  format?: object;
  /** "none" keeps the tools listed (the prefix stays) and asks for no call. */
  toolChoice?: "auto" | "none" | "required";
  /** Whose request it is, for the books; nobody's without it. */
  person?: string;
  /**
   * Who goes first where requests wait: "person" (so it is without it), "api" for programs over `/v1`,
   * "background" for what nobody waits for (heartbeats, jobs, titles, probes). A request in the background
   * is stopped and begun anew when a person comes, so its answer is handed over once it is whole.
   */
  priority?: Priority;
  /** In the background, but as it happens: where a person comes it ends with `MODEL_GAVE_WAY`. */
  live?: boolean;
};

/**
 * Texts go as they are: there are no turns in one, so a control token in it forges none, and a mark would
 * change the vector.
 */
export type EmbedRequest = Pick<
  ChatRequest,
  "model" | "contextTokens" | "params" | "person" | "priority"
> & {
  texts: readonly string[];
  /** The length of the vectors, where model and server let one choose. */
  dimensions?: number;
};

export type Embedding = {
  vectors: readonly (readonly number[])[];
  /** 0 where the server does not count. */
  inputTokens: number;
};

export type ChatEvent =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  /** Complete, and only once the server has ended well: a cut stream yields no call. */
  | { type: "tool-call"; call: ToolCall }
  /** What this server wants back with the answer, byte for byte; at most once, before `done`. */
  | { type: "sealed"; sealed: Sealed }
  /** Nothing has come yet, and this is why: others go first ("queue"), loading, or reading so many tokens. */
  | {
      type: "progress";
      on?: "queue" | "model";
      text: string;
      /** In a queue: from 1, and about how long it will be. */
      position?: number;
      seconds?: number;
    }
  /** Counts are 0 where the server gave none. */
  | {
      type: "done";
      reason: "stop" | "length" | "tool-calls";
      usage: Omit<Usage, "contextTokens">;
      timings?: Timings;
    };

/** What the server measured of one request, where it says so. */
export type Timings = {
  /** Reading what was not cached, and how many tokens that were; writing the answer. */
  promptMs?: number;
  promptTokens?: number;
  outputMs?: number;
  /** Loading the model, where it had to be. */
  loadMs?: number;
};
