/** Composes the workspaces of private sessions: part of the composition root, beside `app.ts`. */

import { join } from "node:path";

import type { Ground } from "./ground.ts";
import { createPrivateWorkspaces } from "./tools/private-workspaces.ts";

export const privateFolder = ({ options }: Pick<Ground, "options">) =>
  join(options.home, "private");

export const buildPrivateWorkspaces = (ground: Ground) =>
  createPrivateWorkspaces({
    folder: privateFolder(ground),
    shared: ground.workspace.root,
    keepOut: [ground.configFile, import.meta.dirname],
  });
