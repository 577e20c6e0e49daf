/** An answer as the items of a response, with the events that tell of them while they grow. */

import type { ToolCall } from "../../protocol/message.ts";

/** An event of the stream, without its place in the order. */
export type AnswerEvent = { type: string } & Record<string, unknown>;

export type OutputItem = Record<string, unknown> & { id: string; type: string };

export interface Answer {
  text(text: string): void;
  reasoning(text: string): void;
  call(call: ToolCall): void;
  /** Ends the item that is open; `cut` where the answer ran into its limit or failed in it. */
  close(cut: boolean): void;
  /** What there is so far. */
  items(): readonly OutputItem[];
}

type Open = { kind: "text" | "reasoning"; id: string; text: string };

/** What differs between what a model says and what it thinks. */
const KINDS = {
  text: {
    prefix: "msg",
    event: "response.output_text",
    part: (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] }),
    extra: { logprobs: [] },
    item: (status: string, content: object[]) => ({
      type: "message",
      status,
      role: "assistant",
      content,
    }),
  },
  reasoning: {
    prefix: "rs",
    event: "response.reasoning_text",
    part: (text: string) => ({ type: "reasoning_text", text }),
    extra: {},
    item: (status: string, content: object[]) => ({
      type: "reasoning",
      status,
      summary: [],
      content,
    }),
  },
} as const;

/** `name` is the part of all ids that is this response's own. */
export function createAnswer(name: string, emit: (event: AnswerEvent) => void): Answer {
  const items: OutputItem[] = [];
  let open: Open | undefined;

  const itemOf = ({ kind, id, text }: Open, status: string, parts = [KINDS[kind].part(text)]) => ({
    id,
    ...KINDS[kind].item(status, parts),
  });
  const at = ({ id }: { id: string }) => ({ item_id: id, output_index: items.length });

  function begin(kind: Open["kind"]): Open {
    const id = `${KINDS[kind].prefix}_${name}_${items.length}`;
    const begun: Open = { kind, id, text: "" };
    const item = itemOf(begun, "in_progress", []);
    emit({ type: "response.output_item.added", output_index: items.length, item });
    const part = KINDS[kind].part("");
    emit({ type: "response.content_part.added", ...at(begun), content_index: 0, part });
    return begun;
  }

  function close(cut: boolean): void {
    if (!open) return;
    const { event, extra, part } = KINDS[open.kind];
    const place = { ...at(open), content_index: 0 };
    emit({ type: `${event}.done`, ...place, text: open.text, ...extra });
    emit({ type: "response.content_part.done", ...place, part: part(open.text) });
    const item = itemOf(open, cut ? "incomplete" : "completed");
    emit({ type: "response.output_item.done", output_index: items.length, item });
    items.push(item);
    open = undefined;
  }

  function add(kind: Open["kind"], text: string): void {
    if (open && open.kind !== kind) close(false);
    open ??= begin(kind);
    open.text += text;
    const { event, extra } = KINDS[kind];
    emit({ type: `${event}.delta`, ...at(open), content_index: 0, delta: text, ...extra });
  }

  return {
    text: (text) => add("text", text),
    reasoning: (text) => add("reasoning", text),
    call({ id: callId, tool, argumentsJson }) {
      close(false);
      const id = `fc_${name}_${items.length}`;
      const about = { id, type: "function_call", call_id: callId, name: tool };
      const index = { output_index: items.length };
      const place = { item_id: id, ...index };
      const begun = { ...about, status: "in_progress", arguments: "" };
      emit({ type: "response.output_item.added", ...index, item: begun });
      // Whole, because a call is handed on only once its server has ended well.
      emit({ type: "response.function_call_arguments.delta", ...place, delta: argumentsJson });
      const said = { name: tool, arguments: argumentsJson };
      emit({ type: "response.function_call_arguments.done", ...place, ...said });
      const item = { ...about, status: "completed", arguments: argumentsJson };
      emit({ type: "response.output_item.done", ...index, item });
      items.push(item);
    },
    close,
    items: () => items,
  };
}
