import { entry } from "./entry.ts";

export const baseFaults = {
  INTERNAL_ERROR: entry<{ id: string }>({
    status: 500,
    exit: 1,
    message: ({ id }) => `Something failed that should not have (id ${id})`,
    fix: ({ id }) =>
      `Look for "${id}" in the log ($ISOPOD_HOME/gateway.log) and report what stands there`,
  }),
};
