import { entry } from "./entry.ts";

export const sandboxFaults = {
  SANDBOX_OFF: entry<{ why: string; fix: string }>({
    status: 503,
    exit: 3,
    message: ({ why }) => `Cannot run a program: no sandbox passed its probe (${why})`,
    fix: ({ fix }) => fix,
  }),
};
