/**
 * For tests: a model server (OpenAI's wire format) that does as it is told. It knows the case, makes the calls that a
 * capable model would make, and repeats what they gave. What it scores, the evaluation allows.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";

import type { Case } from "./case.ts";

export interface GoodModel {
  readonly url: string;
  /** The case whose prompt comes next. */
  expect(item: Case): void;
  close(): void;
}

export const GOOD_MODEL = "good";

export async function startGoodModel(): Promise<GoodModel> {
  let current: Case | undefined;
  const server = createServer(async (request, response) => {
    const body = await readText(request);
    const isChat = request.url === "/v1/chat/completions";
    const isList = request.url === "/v1/models";
    response.writeHead(isChat || isList ? 200 : 404, {
      "content-type": isChat ? "text/event-stream" : "application/json",
    });
    if (isList) response.end(JSON.stringify({ object: "list", data: [{ id: GOOD_MODEL }] }));
    else response.end(isChat && current ? answer(current, JSON.parse(body) as Chat) : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    expect: (item) => (current = item),
    close: () => void server.close(),
  };
}

/** What of a request is looked at. */
type Chat = { messages: { role: string; content?: string }[] };

function answer(item: Case, { messages }: Chat): string {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const results = messages.slice(last + 1).filter(({ role }) => role === "tool");
  const outputs = results.map(({ content = "" }) => content);
  const call = callsOf(item)[results.length]?.(outputs.at(-1) ?? "");
  const delta = call
    ? {
        tool_calls: [
          {
            index: 0,
            id: `call_${results.length}`,
            type: "function",
            function: { name: call.tool, arguments: JSON.stringify(call.input) },
          },
        ],
      }
    : { content: [...outputs, item.language === "ko" ? "했습니다." : "That is it."].join("\n") };
  const finish = call ? "tool_calls" : "stop";
  const chunk = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  return `${chunk({ role: "assistant", ...delta }, null)}${chunk({}, finish)}data: [DONE]\n\n`;
}

/** Each is made from the result of the one before. */
type Next = (result: string) => { tool: string; input: object };

function callsOf({ kind, slots }: Case): Next[] {
  const { f = "", g = "", d = "", w = "", e = "", c = "", cmd = "" } = slots;
  const call =
    (tool: string, input: object): Next =>
    () => ({ tool, input });
  const run = (command: string) => call("run", { command });
  const read = (path: string) => call("read", { path });
  const calls: Record<string, Next[]> = {
    "find-all": [call("find", {})],
    "find-folder": [call("find", { path: d })],
    "find-ending": [call("find", { name: `*.${e}` })],
    "find-name": [call("find", { name: f })],
    "find-text": [call("find", { text: w })],
    read: [read(f)],
    write: [call("write", { path: f, content: c })],
    overwrite: [call("write", { path: f, content: c })],
    edit: [call("edit", { path: f, old: slots["old"], new: slots["new"] })],
    run: [run(cmd)],
    "run-count": [run(`wc -l ${f}`)],
    "run-sort": [run(`sort ${f}`)],
    "run-folder": [run(`mkdir ${d}`)],
    "run-copy": [run(`cp ${f} ${g}`)],
    "steps-find-read": [
      call("find", { text: w }),
      (found) => ({ tool: "read", input: { path: found.split(":")[0] } }),
    ],
    "steps-copy": [read(f), (text) => ({ tool: "write", input: { path: g, content: text } })],
    "steps-read-two": [read(f), read(g)],
  };
  return calls[kind] ?? [];
}
