import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The longest that anybody writes by hand is a hundredth of it. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The text of a config file. Never waits: a pipe in its place would hold up the whole gateway, which looks at the
 * file every other second. Throws an error of the system, or one that says what it is instead of a file.
 */
export function readConfigText(file: string): string {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(handle).isFile()) throw new Error("it is no file");
    // Read up to the limit and not by its size: files of /proc say 0, and others grow.
    const bytes = Buffer.alloc(Math.min(fstatSync(handle).size, MAX_BYTES) + 1);
    const chunks: Buffer[] = [];
    for (let size = 0; ;) {
      const count = readSync(handle, bytes);
      size += count;
      if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      chunks.push(Buffer.from(bytes.subarray(0, count)));
    }
  } finally {
    closeSync(handle);
  }
}
