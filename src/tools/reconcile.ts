/**
 * Whether a write took place before the gateway was killed. The journal holds the digests of the file
 * before and after; a write is whole or not at all, so that what stands there now says which it was.
 */

import { createHash } from "node:crypto";

import { z } from "zod";

import type { Workspace } from "./workspace.ts";

const State = z.object({ before: z.string(), after: z.string() });

export const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** `after` is the digest of what will stand there; "none" where the call will change nothing. */
export async function stateBefore(
  workspace: Workspace,
  path: string,
  after: string,
): Promise<string> {
  const state: z.infer<typeof State> = { before: await workspace.digest(path), after };
  return JSON.stringify(state);
}

export async function reconcileWrite(
  workspace: Workspace,
  path: string,
  before: string,
): Promise<"yes" | "no" | "unknown"> {
  const state = State.safeParse(JSON.parse(before));
  if (!state.success) return "unknown";
  const now = await workspace.digest(path);
  if (now === state.data.after) return "yes";
  return now === state.data.before ? "no" : "unknown";
}
