/**
 * A fake of OpenAI's Responses API, written from its reference (create a response, streaming events, errors).
 * Also a program: `node test/fakes/responses.ts --port 8000 --script script.json`.
 */

import {
  runFake,
  type Ending,
  type Script,
  type ScriptedCall,
  startFake,
  toTokens,
  type Wire,
  type WireTurn,
  type Writers,
  writeStep,
} from "./model-server.ts";

export const startResponses = (script?: Script, port?: number) => startFake(wire, script, port);

const wire: Wire = {
  chatPaths: ["/v1/responses"],
  contentType: "text/event-stream",

  write(step, turn) {
    const chunks = writeStep(step, turn, writers);
    return turn.index++ === 0 ? [start(turn), ...chunks] : chunks;
  },

  answer(path, _body, { models = [{ name: "gpt-test" }] }) {
    if (path !== "/v1/models") return undefined;
    const data = models.map(({ name }) => ({
      id: name,
      object: "model",
      created: 1,
      owned_by: "system",
    }));
    return { body: { object: "list", data } };
  },
};

const writers: Writers = {
  text: message,
  reasoning,
  calls: (calls, turn) => calls.flatMap((one) => call(one, turn)),
  failed,
  end,
};

const event = (value: { type: string } & Record<string, unknown>) =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

const response = (more: object) => ({
  id: "resp_1",
  object: "response",
  created_at: 1,
  error: null,
  incomplete_details: null,
  ...more,
});

const start = ({ model }: WireTurn) =>
  event({ type: "response.created", response: response({ model, status: "in_progress" }) }) +
  event({ type: "response.in_progress", response: response({ model, status: "in_progress" }) });

function failed(message: string): string {
  const error = { code: "server_error", message };
  return event({ type: "response.failed", response: response({ status: "failed", error }) });
}

/** Items are numbered in the order in which they come; all events of one carry its number. */
const items = new WeakMap<WireTurn, number>();

function nextItem(turn: WireTurn): number {
  const output_index = items.get(turn) ?? 0;
  items.set(turn, output_index + 1);
  return output_index;
}

function message(said: string, turn: WireTurn): string[] {
  const output_index = nextItem(turn);
  const at = { item_id: `msg_${output_index}`, output_index, content_index: 0 };
  const item = (text: string, status: string) => ({
    id: at.item_id,
    type: "message",
    role: "assistant",
    status,
    content: text === "" ? [] : [{ type: "output_text", text, annotations: [] }],
  });
  return [
    event({
      type: "response.output_item.added",
      output_index,
      item: item("", "in_progress"),
    }),
    event({ type: "response.content_part.added", ...at, part: { type: "output_text", text: "" } }),
    ...toTokens(said).map((delta) => event({ type: "response.output_text.delta", ...at, delta })),
    event({ type: "response.output_text.done", ...at, text: said }),
    event({ type: "response.output_item.done", output_index, item: item(said, "completed") }),
  ];
}

/** Encrypted only for who asked for it. */
function reasoning(said: string, turn: WireTurn): string[] {
  const output_index = nextItem(turn);
  const at = { item_id: `rs_${output_index}`, output_index, summary_index: 0 };
  const { include } = turn.request as { include?: string[] }; // a fake trusts its tests
  const item = {
    id: at.item_id,
    type: "reasoning",
    summary: [{ type: "summary_text", text: said }],
    ...(include?.includes("reasoning.encrypted_content") && { encrypted_content: "gAAAA/fake==" }),
  };
  return [
    event({ type: "response.output_item.added", output_index, item: { ...item, summary: [] } }),
    event({
      type: "response.reasoning_summary_part.added",
      ...at,
      part: { type: "summary_text", text: "" },
    }),
    ...toTokens(said).map((delta) =>
      event({ type: "response.reasoning_summary_text.delta", ...at, delta }),
    ),
    event({ type: "response.output_item.done", output_index, item }),
  ];
}

function call(step: ScriptedCall, turn: WireTurn): string[] {
  turn.calls++;
  const output_index = nextItem(turn);
  const item_id = `fc_${output_index}`;
  const item = (json: string) => ({
    id: item_id,
    type: "function_call",
    call_id: step.id ?? "",
    name: step.call,
    arguments: json,
  });
  const done = event({
    type: "response.output_item.done",
    output_index,
    item: item(step.arguments),
  });
  // `asText: false` is a server that tells of a call once it is whole, and not before.
  if (step.asText === false) return [done];
  const parts = step.arguments.match(/[^]{1,5}/g) ?? [];
  return [
    event({ type: "response.output_item.added", output_index, item: item("") }),
    ...parts.map((delta) =>
      event({ type: "response.function_call_arguments.delta", item_id, output_index, delta }),
    ),
    event({
      type: "response.function_call_arguments.done",
      item_id,
      output_index,
      arguments: step.arguments,
    }),
    done,
  ];
}

function end(given: Ending, turn: WireTurn): string[] {
  const input = given.inputTokens ?? 12;
  const output = given.outputTokens ?? 5;
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: given.cachedTokens ?? 0 },
    output_tokens: output,
    total_tokens: input + output,
  };
  const reasons: Record<string, string> = { length: "max_output_tokens" };
  const incomplete = given.reason !== undefined && given.reason !== "stop";
  const status = incomplete ? "incomplete" : "completed";
  const why = given.reason && (reasons[given.reason] ?? given.reason);
  return [
    event({
      type: `response.${status}`,
      response: response({
        model: turn.model,
        status,
        usage,
        ...(incomplete && { incomplete_details: { reason: why } }),
      }),
    }),
  ];
}

if (import.meta.main) await runFake(wire);
