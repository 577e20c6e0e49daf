/**
 * A program of its own that runs one GGUF model through node-llama-cpp, since a damaged file or too little
 * memory ends the whole process. Orders come in on standard input, answers go out on standard output.
 *
 *     node child.ts ENGINE_FOLDER
 */

import { createLineReader } from "../../base/lines.ts";
import { createModel, type RunningModel } from "./child-model.ts";
import type { Answer, Order } from "./letters.ts";
import { importEngine } from "./library.ts";

const [folder = ""] = process.argv.slice(2);
const lines = createLineReader();
const stops = new Map<number, AbortController>();
let model: Promise<RunningModel> | undefined;
let queue: Promise<void> = Promise.resolve();

process.stdin.on("data", (chunk: Buffer) => {
  // Orders are the gateway's own: the types on both ends are one.
  for (const line of lines.read(chunk)) take(JSON.parse(line) as Order);
});
process.stdin.on("end", () => process.exit(0)); // the gateway is gone

function take(order: Order): void {
  if (order.order === "stop") return stops.get(order.id)?.abort();
  if (order.order === "load") {
    model = importEngine(folder).then((engine) => createModel(engine, order));
    model.then(
      ({ loaded }) => say(loaded),
      (error: unknown) => fail(error, undefined),
    );
    return;
  }
  const { id, chat } = order;
  const stop = new AbortController();
  stops.set(id, stop);
  queue = queue.then(async () => {
    try {
      const running = await model;
      if (!stop.signal.aborted) await running?.chat({ id, order: chat, say, signal: stop.signal });
    } catch (error) {
      if (!stop.signal.aborted) fail(error, id);
    } finally {
      stops.delete(id);
    }
  });
}

function fail(error: unknown, id: number | undefined): void {
  const isError = error instanceof Error;
  const detail = (isError ? error.message : String(error)).slice(0, 500);
  const name = isError ? error.constructor.name : "";
  say({ type: "failed", ...(id !== undefined && { id }), cause: causeOf(name, detail), detail });
}

/** By the library's own words: it has a class for the lack of memory alone. */
function causeOf(name: string, detail: string): "memory" | "model" | "engine" {
  if (name === "InsufficientMemoryError" || /memory|VRAM|alloc/i.test(detail)) return "memory";
  return /cannot find module|binar|not supported|prebuilt|NoBinaryFound/i.test(name + detail)
    ? "engine"
    : "model";
}

function say(answer: Answer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
