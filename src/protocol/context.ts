/** What `GET /api/sessions/:id/context` answers: how much of each prompt a server had read before, and why not more. */

/**
 * Why a prompt was read again: its own text changed (`system`, `tools`, `template`, `history`, `compaction`),
 * or the server had lost it (`slot`: others took its place; `reloaded`: the model was loaded anew; `server`:
 * nobody says). `held` where nothing was lost, `first` where there was nothing before.
 */
export type PrefixCause =
  | "held"
  | "first"
  | "system"
  | "tools"
  | "template"
  | "history"
  | "compaction"
  | "slot"
  | "reloaded"
  | "server";

export type RequestReport = {
  at: number;
  turn: string;
  model: string;
  inputTokens: number;
  /** Null where the server says neither how many it had nor how long it read. */
  cachedTokens: number | null;
  /** The count was derived from the time that the server took. */
  estimated: boolean;
  /** Tokens that had been read before and were read again, and how long that took. */
  lostTokens: number;
  lostSeconds: number | null;
  cause: PrefixCause;
  /** The first byte that changed: in the prompt (system, tools, messages), and in the part that it stands in. */
  changed?: {
    byte: number;
    within: number;
    /** False: it lies in the 64 bytes from there on. */
    exact: boolean;
    message?: { index: number; role: string };
    names?: string[];
  };
  /** Requests of other sessions to the same model since the one before; only where the cause is `slot`. */
  beside?: number;
};

export type ContextReport = {
  session: string;
  /** The newest last. */
  requests: RequestReport[];
  /** The newest one that read something again; null where the prefix held. */
  broken: (RequestReport & { text: string; advice: string }) | null;
  totals: {
    requests: number;
    inputTokens: number;
    lostTokens: number;
    /** Of all prompt tokens, those that were read again. */
    lostShare: number;
  };
};
