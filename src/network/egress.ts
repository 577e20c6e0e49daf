import type { Mode } from "../protocol/event.ts";
import type { ModeState } from "./mode-term.ts";

/**
 * The one way out. Resolves a name once, checks the address against mode and config, connects to that
 * address, and writes a line to the ledger: never content.
 */
export interface Egress {
  /**
   * Sends one request. Redirects are not followed: the answer is handed over as it came.
   * Throws `EGRESS_BLOCKED` when mode or config forbid the destination, the signal's reason when
   * aborted, and otherwise the socket's own error (`ECONNREFUSED`, …) for the caller to translate.
   */
  request(request: EgressRequest): Promise<EgressResponse>;
}

export type EgressRequest = {
  /**
   * `http://host:port/path`, `https://…`, or `unix:/path/to.sock:/path` for HTTP over a Unix socket
   * (the spelling of nginx's proxy_pass; the part after the second colon is the path of the request).
   */
  url: string;
  /** What for, such as "models.chat"; stands in the ledger. */
  purpose: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal: AbortSignal;
  /** How long to wait for the response head, in ms. None without it: a prefill may take many minutes. */
  headTimeoutMs?: number;
};

export type EgressResponse = {
  status: number;
  headers: Record<string, string>;
  /** Throws when the connection is cut before the end. Leaving the loop early closes the connection. */
  body: AsyncIterable<Uint8Array>;
  /** The whole body as text, at most `maxBytes` (1 MiB without it) of it. */
  text(maxBytes?: number): Promise<string>;
};

/** What policy is made of. `hosts` are those that config names, each with the setting that names it. */
export type Policy = {
  /** The widest mode that config allows; internet without it. */
  cap?: Mode;
  mode: Mode;
  hosts: readonly AllowedHost[];
};
export type AllowedHost = { host: string; setting: string };

export interface ModeSwitch {
  readonly mode: Mode;
  /** The widest mode that config allows (`offline: true` caps it at private). */
  readonly cap: Mode;
  /** What a person keeps, and what holds for a while before it. */
  readonly state: ModeState;
  /** Only ever called for a person. Throws `MODE_CAPPED` when config forbids it. */
  set(mode: Mode, options?: ModeWish): Promise<void>;
  /** Also called when a mode that was set for a while has ended. */
  onChange(listener: (mode: Mode) => void): () => void;
  /** Stops watching the clock. May be called twice. */
  close(): void;
}

export type ModeWish = {
  /** The person's id. */
  by?: string;
  /** How long it holds; then what was kept holds again. Without it, for good. */
  term?: { forMs: number } | "restart" | undefined;
};
