/** The real programs, behind doors in no wall, with a list instead of a ledger. */

import { openDoors } from "../../src/process/doors.ts";
import type { Programs, ProgramStart } from "../../src/process/program.ts";
import { createPrograms } from "../../src/process/programs.ts";

export function createFakePrograms(): Programs & { readonly started: ProgramStart[] } {
  const started: ProgramStart[] = [];
  const programs = createPrograms({
    doors: openDoors,
    ledger: { append() {} },
    path: process.env.PATH ?? "/usr/bin:/bin",
  });
  return {
    started,
    start(program) {
      started.push(program);
      return programs.start(program);
    },
    startWorker: (worker) => programs.startWorker(worker),
  };
}
