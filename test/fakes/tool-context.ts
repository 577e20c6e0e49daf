/** A workspace in a folder of its own, and a memory that is a list. */

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Grants, Memory, ToolContext } from "../../src/tools/tool.ts";
import { createWorkspace } from "../../src/tools/workspace-folder.ts";

export interface ToolStage {
  /** A context with an empty workspace. */
  context(parts?: Partial<ToolContext>): Promise<ToolContext>;
  /** Removes every workspace. */
  remove(): Promise<void>;
}

export async function createToolStage(): Promise<ToolStage> {
  const top = await realpath(await mkdtemp(join(tmpdir(), "tools-test-")));
  let count = 0;
  return {
    context: async (parts = {}) => ({
      workspace: await createWorkspace(join(top, `workspace-${(count += 1)}`)),
      sandbox: undefined,
      memory: createListMemory(),
      reach: () => ({ mode: "private", private: false }),
      grants: createListGrants(),
      signal: new AbortController().signal,
      ...parts,
    }),
    remove: () => rm(top, { recursive: true, force: true }),
  };
}

export function createListMemory(): Memory {
  const texts: string[] = [];
  return {
    add: async (text) => void texts.push(text),
    list: async () => [...texts],
  };
}

/** What was agreed to, with until when. */
export function createListGrants(
  agreed: readonly string[] = [],
): Grants & { granted: Map<string, string> } {
  const granted = new Map(agreed.map((what) => [what, "session"]));
  return {
    granted,
    has: (what) => granted.has(what),
    add: async (what, until) => void granted.set(what, until),
  };
}
