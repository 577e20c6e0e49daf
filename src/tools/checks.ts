import { Fault } from "../base/fault.ts";
import type { Check } from "../protocol/check.ts";
import { createWorkspace } from "./workspace-folder.ts";

/** Above it a listing says nothing to a model, and a search takes its time. */
const MANY_FILES = 20_000;

export function createWorkspaceChecks(deps: {
  folder: string;
  /** State, config and socket folders. */
  keepOut: readonly string[];
}): Check[] {
  const open = () => createWorkspace(deps.folder, deps.keepOut);
  return [
    {
      code: "workspace.usable",
      title: "The workspace can be written and holds nothing of ours",
      dependsOn: [],
      async run() {
        try {
          const { root } = await open();
          return { state: "ok", detail: root };
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          return { state: "failed", fault: error.toJSON() };
        }
      },
    },
    {
      code: "workspace.size",
      title: "The workspace is of a size that a model can look through",
      dependsOn: ["workspace.usable"],
      async run(signal) {
        const { root: workspace, walk } = await open();
        let files = 0;
        for await (const { folder } of walk("", signal)) {
          if (!folder) files += 1;
          if (files <= MANY_FILES) continue;
          const fault = new Fault("WORKSPACE_LARGE", { workspace, files: MANY_FILES });
          return { state: "warning", fault: fault.toJSON() };
        }
        return { state: "ok", detail: `${files} files` };
      },
    },
  ];
}
