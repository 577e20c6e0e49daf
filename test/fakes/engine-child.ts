/**
 * A child that runs no model: it answers the orders of `src/models/engine/` by the name of the file that it
 * is to load, and by what it is asked.
 */

import { createLineReader } from "../../src/base/lines.ts";
import type { Answer, Order } from "../../src/models/engine/letters.ts";

const lines = createLineReader();
const say = (answer: Answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`);
const stopped = new Set<number>();
let contextTokens = 0;

process.stdin.on("data", (chunk: Buffer) => {
  for (const line of lines.read(chunk)) hear(JSON.parse(line) as Order);
});
process.stdin.on("end", () => process.exit(0));

function hear(order: Order): void {
  if (order.order === "stop") return void stopped.add(order.id);
  if (order.order === "chat") return answer(order.id, order.chat.messages.at(-1)?.text ?? "");
  ({ contextTokens } = order);
  if (order.path.includes("damaged")) process.abort();
  if (order.path.includes("hungry")) process.kill(process.pid, "SIGKILL");
  if (order.path.includes("torn"))
    return say({ type: "failed", cause: "model", detail: "tensor x is missing" });
  if (order.path.includes("cardless"))
    return say({ type: "failed", cause: "engine", detail: "no driver" });
  process.stdout.write("llama: a line that a library prints\n{ no json\n");
  process.stdout.write('{"type":"done","id":"not a number"}\n');
  say({ type: "loaded", contextTokens, tools: true, tookMs: 5 });
}

function answer(id: number, asked: string): void {
  if (asked === "die") process.abort();
  if (asked === "wait") return; // until it is stopped, and then says nothing either
  if (asked === "stopped?") say({ type: "text", id, text: JSON.stringify([...stopped]) });
  if (asked === "long") return say({ type: "too-long", id, tokens: contextTokens + 1 });
  if (asked === "no memory")
    return say({ type: "failed", id, cause: "memory", detail: "no room for the context" });
  say({ type: "reading", id, tokens: 10 });
  if (asked === "call") say({ type: "call", id, tool: "read", argumentsJson: '{"path": "a"}' });
  else if (asked === "pid") say({ type: "text", id, text: `${process.pid}` });
  else say({ type: "text", id, text: `You said ${asked}` });
  const counts = { inputTokens: 10, cachedTokens: 4, outputTokens: 3, promptMs: 1, outputMs: 2 };
  say({ type: "done", id, reason: asked === "call" ? "tool-calls" : "stop", ...counts });
}
