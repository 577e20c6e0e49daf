import { createLineReader } from "../../base/lines.ts";
import type { Program } from "../../process/program.ts";

/** A program that says JSON lines and is told what to do in lines. */
export interface Talker {
  readonly program: Program;
  /** All that it said so far on standard output, parsed. */
  readonly said: Record<string, unknown>[];
  /** The last words on standard error, for whoever asks why it ended. */
  words(): string;
  write(value: object): void;
  /**
   * The first line from number `from` on that fits. Undefined when it ends without one, or after `ms`.
   */
  hear(
    fits: (line: Record<string, unknown>) => boolean,
    wait: { from?: number; ms: number },
  ): Promise<Record<string, unknown> | undefined>;
}

const KEPT = 2_000;

export function toTalker(program: Program): Talker {
  const said: Record<string, unknown>[] = [];
  const lines = createLineReader();
  const decoder = new TextDecoder();
  const wakers = new Set<() => void>();
  let words = "";
  let isOver = false;
  const wake = () => wakers.forEach((waker) => waker());
  void (async () => {
    for await (const { from, bytes } of program.output) {
      if (from === "stdout") said.push(...lines.read(bytes).flatMap(toValue));
      else words = (words + decoder.decode(bytes, { stream: true })).slice(-KEPT);
      wake();
    }
    isOver = true;
    wake();
  })();
  return {
    program,
    said,
    words: () => words.trim(),
    write: (value) => program.write(`${JSON.stringify(value)}\n`),
    async hear(fits, { from = 0, ms }) {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        wake();
      }, ms);
      try {
        for (;;) {
          const found = said.slice(from).find(fits);
          if (found || isOver || isLate) return found;
          await new Promise<void>((resolve) => {
            const waker = () => {
              wakers.delete(waker);
              resolve();
            };
            wakers.add(waker);
          });
        }
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function toValue(line: string): Record<string, unknown>[] {
  try {
    return [Object(JSON.parse(line)) as Record<string, unknown>];
  } catch {
    return []; // such as `ready` of a shell: not one of ours
  }
}
