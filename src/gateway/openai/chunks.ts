/**
 * An answer as `chat.completion.chunk` events. This is the hot path: hundreds of tokens a second of many
 * chats. What does not change in a chat is made once; deltas of one moment are one chunk and one write.
 */

import { createPacer } from "../../base/pacer.ts";
import { toOpenAiError } from "../answer.ts";
import type { StreamOutlet } from "./stream.ts";
import { toWireUsage, type ChatUsage, type FinishReason, type StreamWriter } from "./sink.ts";

export type ChunkOptions = StreamOutlet & {
  id: string;
  model: string;
  /** Seconds since 1970 UTC. */
  created: number;
  includeUsage: boolean;
};

/** A source that never waits (a replayed answer) is not let run ahead of the reader until it does. */
const FLUSH_LENGTH = 32 * 1024;

type Delta = "content" | "reasoning_content";

export function createChunkWriter(options: ChunkOptions): StreamWriter {
  const { outlet, id, model, created, includeUsage, began } = options;
  const head = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},"choices":[`;
  const tail = `]${includeUsage ? ',"usage":null' : ""}}\n\n`;
  const open = `${head}{"index":0,"delta":{`;
  const close = `},"logprobs":null,"finish_reason":null}${tail}`;
  let role = '"role":"assistant",';
  let delta: Delta = "content";
  let text = "";
  let frames = "";
  let calls = 0;
  let begun = false;

  const frame = (body: string) => {
    frames += `${open}${role}${body}${close}`;
    role = "";
  };
  const settle = () => {
    if (text !== "") frame(`"${delta}":${JSON.stringify(text)}`);
    text = "";
  };
  const flush = () => {
    settle();
    outlet.send(frames);
    frames = "";
  };
  const pacer = createPacer(flush, options.elapsedMs);
  const schedule = () => {
    if (!begun) began();
    begun = true;
    pacer.soon();
  };
  const add = (kind: Delta, more: string) => {
    if (kind !== delta) settle();
    delta = kind;
    text += more;
    schedule();
    if (text.length > FLUSH_LENGTH) flush();
  };
  return {
    text: (more) => add("content", more),
    reasoning: (more) => add("reasoning_content", more),
    call: ({ id, tool, argumentsJson }) => {
      settle();
      const call = { name: tool, arguments: argumentsJson };
      const wire = { index: calls, id, type: "function", function: call };
      frame(`"tool_calls":[${JSON.stringify(wire)}]`);
      calls += 1;
      schedule();
    },
    done: (reason: FinishReason, usage: ChatUsage) => {
      settle();
      frames += `${head}{"index":0,"delta":{${role.replace(/,$/, "")}},"logprobs":null,"finish_reason":"${reason}"}${tail}`;
      if (includeUsage) frames += `${head}],"usage":${JSON.stringify(toWireUsage(usage))}}\n\n`;
      frames += "data: [DONE]\n\n";
      flush();
      outlet.close();
    },
    room: () => outlet.room(),
    fail: (failure) => {
      settle();
      frames += `data: ${JSON.stringify({ error: toOpenAiError(failure) })}\n\n`;
      flush();
      outlet.close();
    },
    beat: () => {
      if (outlet.hasRoom()) outlet.send(":\n\n");
    },
  };
}
