import { entry } from "./entry.ts";

export const sandboxFaults = {
  SANDBOX_OFF: entry<{ why: string; fix: string }>({
    status: 503,
    exit: 3,
    message: ({ why }) => `Cannot run a program: no sandbox passed its probe (${why})`,
    fix: ({ fix }) => fix,
  }),
  SANDBOX_FAILED: entry<{ detail: string }>({
    status: 500,
    exit: 1,
    message: ({ detail }) => `Cannot start the sandbox: ${detail}`,
    fix: () => "See `isopod doctor`; it attacks the sandbox anew and says what to mend",
  }),
};
