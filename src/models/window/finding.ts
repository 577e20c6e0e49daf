/** What is known of the windows of models, as the store keeps it: one text for all. */

import { z } from "zod";

import type { WindowReport } from "../../protocol/window.ts";

export type Finding = Omit<WindowReport, "advice"> & {
  /** Of server, weights and size: another one is looked at anew. */
  key: string;
};

/** What an older program wrote otherwise is forgotten, and looked at anew. */
export function fromStored(text: string | undefined): Map<string, Finding> {
  const parsed = Stored.safeParse(parse(text ?? "[]"));
  return new Map((parsed.data ?? []).map((finding) => [finding.ref, finding]));
}

export const toStored = (findings: ReadonlyMap<string, Finding>): string =>
  JSON.stringify([...findings.values()]);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said by the schema
  }
}

const Stored: z.ZodType<Finding[]> = z.array(
  z.object({
    ref: z.string(),
    key: z.string(),
    contextTokens: z.number(),
    heldTokens: z.number(),
    state: z.enum(["whole", "counted", "cut", "skipped"]),
    why: z.string().exactOptional(),
    slots: z.enum(["kept", "evicted", "unknown"]),
    at: z.number(),
  }),
);
