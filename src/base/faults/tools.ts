import { entry } from "./entry.ts";

export const toolFaults = {
  PATH_OUTSIDE_WORKSPACE: entry<{ path: string }>({
    status: 403,
    exit: 1,
    message: ({ path }) => `Cannot open "${path}": it lies outside the workspace`,
    fix: () => "Use a path inside the workspace",
  }),
};
