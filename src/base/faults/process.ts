import { entry } from "./entry.ts";

export const processFaults = {
  PROGRAM_MISSING: entry<{ program: string; package?: string }>({
    status: 500,
    exit: 3,
    message: ({ program }) => `Cannot start "${program}": it is not installed`,
    fix: ({ program, package: name }) =>
      `Install it, on Debian with \`apt install ${name ?? program}\``,
  }),
  PROGRAM_FAILED: entry<{ program: string; detail: string }>({
    status: 500,
    exit: 1,
    message: ({ program, detail }) => `Cannot finish "${program}": ${detail}`,
    fix: ({ program }) => `Run \`${program}\` by hand to see what it says`,
  }),
};
