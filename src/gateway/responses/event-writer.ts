/**
 * A response as its events (https://platform.openai.com/docs/api-reference/responses-streaming). Deltas of
 * one moment are one event and one write.
 */

import { createPacer } from "../../base/pacer.ts";
import type { StreamOutlet } from "../openai/stream.ts";
import type { StreamWriter } from "../openai/sink.ts";
import { createAnswer, type AnswerEvent } from "./answer.ts";
import { type About, type End, isCut, statusOf, toResponse } from "./response.ts";

/** A source that never waits (a replayed answer) is not let run ahead of the reader until it does. */
const FLUSH_LENGTH = 32 * 1024;

export function createEventWriter(about: About & { name: string }, to: StreamOutlet): StreamWriter {
  const { outlet, began } = to;
  let frames = "";
  let sequence = 0;
  let opened = false;
  let begun = false;
  let pending: { kind: "text" | "reasoning"; text: string } | undefined;

  const emit = ({ type, ...rest }: AnswerEvent) => {
    const event = { type, sequence_number: sequence, ...rest };
    sequence += 1;
    frames += `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
  };
  const answer = createAnswer(about.name, emit);
  const tell = (type: string, end?: End) =>
    emit({ type, response: toResponse(about, answer.items(), end) });
  const settle = () => {
    if (pending) answer[pending.kind](pending.text);
    pending = undefined;
  };
  const flush = () => {
    settle();
    outlet.send(frames);
    frames = "";
  };
  const pacer = createPacer(flush, to.elapsedMs);
  const open = () => {
    if (opened) return;
    opened = true;
    tell("response.created");
    tell("response.in_progress");
  };
  const begin = () => {
    open();
    if (!begun) began();
    begun = true;
  };
  const add = (kind: "text" | "reasoning", text: string) => {
    begin();
    if (pending && pending.kind !== kind) settle();
    pending = { kind, text: (pending?.text ?? "") + text };
    pacer.soon();
    if (pending.text.length > FLUSH_LENGTH) flush();
  };
  const finish = (end: End) => {
    open();
    settle();
    answer.close(isCut(end) || "failure" in end);
    tell(`response.${statusOf(end)}`, end);
    flush();
    outlet.close();
  };
  return {
    text: (text) => add("text", text),
    reasoning: (text) => add("reasoning", text),
    call: (call) => {
      begin();
      settle();
      answer.call(call);
      pacer.soon();
    },
    done: (reason, usage) => finish({ reason, usage }),
    room: () => outlet.room(),
    fail: (failure) => finish({ failure }),
    beat: () => {
      open();
      flush();
      if (outlet.hasRoom()) outlet.send(":\n\n");
    },
  };
}
