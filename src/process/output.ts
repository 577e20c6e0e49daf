import type { Readable } from "node:stream";

import type { Output } from "./program.ts";

type Streams = { stdout: Readable; stderr: Readable };

/**
 * After a program's end its output is read on until it has ended too. A descendant that left the group
 * and kept the pipe open can delay that for ever; when it says nothing for this long we stop listening.
 */
const QUIET_MS = 500;

/**
 * Both streams as they arrive. Nothing is read ahead but what the pipes hold, so a consumer that stops
 * makes the program wait. One that leaves the loop closes the pipes.
 */
export async function* mergeOutput(
  { stdout, stderr }: Streams,
  exited: Promise<void>,
): AsyncGenerator<Output> {
  const streams = { stdout, stderr };
  let wake = () => {};
  let hasExited = false;
  for (const stream of [stdout, stderr]) {
    for (const event of ["readable", "end", "close"]) stream.on(event, () => wake());
    stream.on("error", () => wake()); // the pipe broke: that is its end
  }
  void exited.then(() => {
    hasExited = true;
    wake();
  });
  try {
    for (;;) {
      const woken = new Promise<boolean>((resolve) => (wake = () => resolve(true)));
      let isOpen = false;
      let isQuiet = true;
      for (const from of ["stdout", "stderr"] as const) {
        // A stream gives out Buffers as long as nobody sets an encoding, and it is ours alone.
        const bytes = streams[from].read() as Buffer | null;
        if (bytes) {
          isQuiet = false;
          yield { from, bytes };
        }
        isOpen ||= !streams[from].readableEnded && !streams[from].destroyed;
      }
      if (!isOpen) return;
      if (isQuiet && !(await (hasExited ? orQuiet(woken) : woken))) return;
    }
  } finally {
    stdout.destroy();
    stderr.destroy();
  }
}

/** False when nothing woke us for a while. */
function orQuiet(woken: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, QUIET_MS, false);
    void woken.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
