import { entry } from "./entry.ts";

export const proveFaults = {
  PROVE_IMPOSSIBLE: entry<{ detail: string }>({
    status: 500,
    exit: 2,
    message: ({ detail }) => `Cannot make the namespaces of a proof: ${detail}`,
    fix: () =>
      "Install iproute2 and util-linux, and run as root or allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`)",
  }),
  PROVE_FAILED: entry<{ what: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ what, detail }) => `Cannot go on with the proof: ${what}: ${detail}`,
    fix: () => "Look at what it says, mend it, and prove again: nothing was proved",
  }),
  STATEMENT_UNWRITABLE: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, detail }) => `Cannot write the statement "${file}": ${detail}`,
    fix: () => "Give a file in a folder of yours with --out",
  }),
};
