import type { Programs, ProgramStart } from "./program.ts";

export type Ran = {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
};

/** Enough for what a program says about itself; one that says more is cut, and goes on. */
const KEPT_BYTES = 1024 * 1024;

/** Runs a program to its end and keeps the beginning of what it says. Throws as `start` does, and the signal's reason. */
export async function runProgram(
  programs: Pick<Programs, "start">,
  start: ProgramStart,
  keptBytes: number = KEPT_BYTES,
): Promise<Ran> {
  const program = programs.start(start);
  const kept = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const size = { stdout: 0, stderr: 0 };
  for await (const { from, bytes } of program.output) {
    kept[from].push(bytes.subarray(0, Math.max(0, keptBytes - size[from])));
    size[from] += bytes.length;
  }
  const ended = await program.ended;
  start.signal?.throwIfAborted();
  const text = (chunks: Uint8Array[]) => new TextDecoder().decode(Buffer.concat(chunks));
  return { ...ended, stdout: text(kept.stdout), stderr: text(kept.stderr) };
}
