/**
 * Where private sessions work: a folder each, so that neither another session's tools nor a model in the cloud
 * behind them reads what was written there. They lie beside the workspace, never in it.
 */

import { chmod, chown, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { createWorkspace } from "./workspace-folder.ts";
import type { Workspace } from "./workspace.ts";

export interface PrivateWorkspaces {
  /** Below it lies a folder for each session, named by its id. */
  readonly folder: string;
  /** Made where there is none. Throws as `createWorkspace` does. */
  of(session: string): Promise<Workspace>;
  /** The session is gone: an empty folder goes with it, files are a person's and stay. */
  forget(session: string): Promise<void>;
}

export function createPrivateWorkspaces(deps: {
  folder: string;
  /** The workspace of all others. */
  shared: string;
  keepOut: readonly string[];
}): PrivateWorkspaces {
  const { folder, shared, keepOut } = deps;
  return {
    folder,
    async of(session) {
      const path = join(folder, session);
      const workspace = await createWorkspace(path, [shared, ...keepOut]);
      await giveToOwner(shared, { folder, path });
      return workspace;
    },
    async forget(session) {
      // It holds files, or was never made.
      await rmdir(join(folder, session)).catch(() => undefined);
    },
  };
}

/** Commands of a root gateway run as the owner of the workspace: a private one belongs to the same. */
async function giveToOwner(
  shared: string,
  { folder, path }: { folder: string; path: string },
): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(shared);
  if (uid === 0) return;
  await chmod(folder, 0o711); // to go through, not to look around in
  await chown(path, uid, gid);
}
