/**
 * What a probe measured of one model on one server. The store keeps it, the router and the agent go by it,
 * people read it in `isopod models probe` and the app.
 */

import { z } from "zod";

/**
 * How tools are offered to a model: by the server's own calls, by a forced JSON form, or not at all.
 */
export const TOOL_MODES = ["native", "constrained", "chat"] as const;
export type ToolMode = (typeof TOOL_MODES)[number];

export const CHECK_IDS = [
  "reachable",
  "streams",
  "call",
  "restraint",
  "steps",
  "arguments",
  "parallel",
  "choice",
  "schema",
  "context",
  "cache",
  "vision",
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

export const RESULTS = ["passed", "partly", "failed", "skipped"] as const;
export type CheckResult = (typeof RESULTS)[number];

const ProbeCheck = z.object({
  id: z.enum(CHECK_IDS),
  /** Of a check of tools: which way of calling was tried. */
  mode: z.enum(["native", "constrained"]).optional(),
  title: z.string(),
  result: z.enum(RESULTS),
  /** One sentence for people: what was seen. */
  detail: z.string(),
});
export type ProbeCheck = z.infer<typeof ProbeCheck>;

const tokens = z.number().nonnegative();

const MeasuredContext = z.object({
  /** What the server says it has, as requests are budgeted by it. */
  claimedTokens: tokens,
  /** The longest text of which it found all that was hidden in it; 0 where it found not even the shortest's. */
  heldTokens: tokens,
  /** The longest text that was tried, and why not a longer one. */
  triedTokens: tokens,
  limit: z.string(),
  /** Where the server cut the text off, or refused it, below what it claims. */
  cutAtTokens: tokens.optional(),
  sizes: z.array(
    z.object({
      tokens,
      /** At which parts of the text a hidden fact was found. */
      found: z.array(z.object({ percent: z.number(), found: z.boolean() })),
    }),
  ),
});
export type MeasuredContext = z.infer<typeof MeasuredContext>;

const Speed = z.object({
  /** Reading a prompt that is not in the cache, and writing; where they could be measured. */
  promptTokensPerSecond: z.number().optional(),
  outputTokensPerSecond: z.number().optional(),
  /** Whether the server measured them, or our clock. */
  by: z.enum(["server", "clock"]),
  /** Loading the model, where this probe had to wait for it. */
  loadMs: z.number().optional(),
});
export type Speed = z.infer<typeof Speed>;

const FirstToken = z.object({
  /** The agent's own system text and tools, with a short message. */
  promptTokens: tokens,
  /** An estimate: all of it read anew, as in a new session. */
  coldMs: z.number(),
  /** Measured: the same prompt again, as in the second message. */
  warmMs: z.number().optional(),
});
export type FirstToken = z.infer<typeof FirstToken>;

export const Scorecard = z.object({
  /** `provider/model`, as it was asked for. */
  ref: z.string(),
  /** The address of the server; with the digest of the weights it says whose card this is. */
  server: z.string(),
  digest: z.string(),
  /** Milliseconds since 1970 UTC. */
  measuredAt: z.number(),
  tookMs: z.number(),
  extent: z.enum(["standard", "full"]),
  mode: z.enum(TOOL_MODES),
  /** One sentence: why this mode. */
  why: z.string(),
  checks: z.array(ProbeCheck),
  context: MeasuredContext.optional(),
  speed: Speed,
  firstToken: FirstToken.optional(),
});
export type Scorecard = z.infer<typeof Scorecard>;

/** The body of `POST /api/models/probe`. */
export const ProbeOrder = z.object({
  /** `provider/model`; without it the one that answers now. */
  model: z.string().min(3).max(300).optional(),
  /** Every model that may be asked, one after the other. */
  all: z.boolean().optional(),
  /** The whole context, and each way of calling tools, whatever it takes. */
  full: z.boolean().optional(),
  /** Also a model that may cost money. */
  paid: z.boolean().optional(),
});
export type ProbeOrder = z.infer<typeof ProbeOrder>;

/** What `POST /api/models/probe` answers, an object a line; the last is always `end`. */
export type ProbeEvent =
  | { type: "progress"; ref: string; done: number; steps: number; text: string }
  | { type: "scorecard"; scorecard: Scorecard }
  | { type: "failed"; ref: string; code: string; message: string; fix: string }
  | { type: "end"; measured: number; failed: number };
