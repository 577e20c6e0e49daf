import type { OnProgress } from "./carry.ts";

/** Often enough to see it move. */
const TELL_EVERY_BYTES = 16 * 1024 * 1024;

export function createMeter(onProgress: OnProgress, totalBytes: number) {
  let doneBytes = 0;
  let toldBytes = 0;
  return (text: string) => (bytes: number) => {
    doneBytes += bytes;
    if (doneBytes - toldBytes < TELL_EVERY_BYTES && doneBytes < totalBytes) return;
    toldBytes = doneBytes;
    onProgress({ text, doneBytes, totalBytes });
  };
}
