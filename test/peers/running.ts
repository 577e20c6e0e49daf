/** Who runs: one note for each peer that was started by hand, so that another terminal can end it. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Note = {
  name: string;
  pid: number;
  baseUrl: string;
  /** When the process began, so that its number is not taken for another's. */
  begunAt: string;
};

export interface Notes {
  /** Of those that still run; what is left of others is removed. */
  list(): Note[];
  /** Of this process. */
  add(name: string, baseUrl: string): { remove(): void };
  isRunning(note: Note): boolean;
}

export function createNotes(root: string): Notes {
  const folder = join(root, "running");
  const fileOf = (pid: number) => join(folder, `${pid}.json`);
  const isRunning = ({ pid, begunAt }: Note) => beginningOf(pid) === begunAt;

  return {
    isRunning,
    list() {
      mkdirSync(folder, { recursive: true });
      const notes = readdirSync(folder).map(
        (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Note, // we wrote it
      );
      for (const note of notes) if (!isRunning(note)) rmSync(fileOf(note.pid), { force: true });
      return notes.filter(isRunning);
    },
    add(name, baseUrl) {
      mkdirSync(folder, { recursive: true });
      const { pid } = process;
      const note: Note = { name, pid, baseUrl, begunAt: beginningOf(pid) ?? "" };
      writeFileSync(fileOf(pid), `${JSON.stringify(note)}\n`);
      return { remove: () => rmSync(fileOf(pid), { force: true }) };
    },
  };
}

/** Field 22 of Linux's /proc/PID/stat; elsewhere only whether it is there. Undefined where it is not. */
function beginningOf(pid: number): string | undefined {
  try {
    if (process.platform !== "linux") return process.kill(pid, 0) ? "unknown" : undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, which may hold spaces and parentheses, stands before the last one.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // nobody has this number
  }
}
