/** What may be reached, for how long and why no more, and what can be: `/api/mode` and `/api/link`. */

import { z } from "zod";

import type { LinkOverride, LinkStatus, Mode } from "./event.ts";

/** A shorter one is over before it is of use; what should hold longer is better set for good. */
export const MIN_TERM_SECONDS = 60;
export const MAX_TERM_SECONDS = 30 * 24 * 3_600;

export const ModeSet = z
  .object({
    mode: z.enum(["device", "private", "internet"]),
    /** It holds so long; then what was set for good holds again. */
    forSeconds: z.number().int().min(MIN_TERM_SECONDS).max(MAX_TERM_SECONDS).optional(),
    /** It holds until the gateway starts anew. */
    until: z.literal("restart").optional(),
  })
  .refine(({ forSeconds, until }) => forSeconds === undefined || until === undefined, {
    message: "only one of forSeconds and until can be given",
  });
export type ModeSet = z.infer<typeof ModeSet>;

export type ModeReport = {
  mode: Mode;
  /** What a person set for good, or what holds where nobody did. */
  kept: Mode;
  /** The widest one that the config allows. */
  cap: Mode;
  /** When `mode` ends, in ms since 1970; null for one that stays. */
  until: number | "restart" | null;
  /** Who set `mode`, and when; null where nobody ever did, or it was not noted. */
  setBy: string | null;
  setAt: number | null;
  /** What keeps it from being wider, one sentence each, and who or what that is. */
  limits: { by: "config" | "person" | "default" | "link"; text: string }[];
  link: LinkStatus & { override: LinkOverride | null };
};

export const LinkSet = z.object({ link: z.enum(["auto", "up", "down"]) });
export type LinkSet = z.infer<typeof LinkSet>;

export const CheckOrder = z.object({
  /** One that the config names; without it the first that the mode reaches beyond this machine. */
  host: z.string().min(1).max(253).optional(),
});
export type CheckOrder = z.infer<typeof CheckOrder>;

export type CheckReport = {
  host: string;
  /** The setting that names it. */
  setting: string;
  ok: boolean;
  /** In order; after one that failed there are no more. */
  steps: { step: CheckStep; state: "ok" | "failed" | "skipped"; detail: string; ms: number }[];
  /** What follows from it. */
  link: LinkStatus;
};

export type CheckStep = "dns" | "tcp" | "tls" | "http";
