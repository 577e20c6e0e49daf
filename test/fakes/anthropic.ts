/**
 * A fake of Anthropic's Messages API, written from its documentation (streaming messages, tool use, extended
 * thinking, errors, models). Also a program: `node test/fakes/anthropic.ts --port 8000 --script script.json`.
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

export const startAnthropic = (script?: Script, port?: number) => startFake(wire, script, port);

/** Thinking is signed, as the real one signs it: a client has to bring it back as it is. */
export const SIGNATURE = "EqQBCgIYAhIM/+fake==";

const wire: Wire = {
  chatPaths: ["/v1/messages"],
  contentType: "text/event-stream",

  write(step, turn) {
    const chunks = writeStep(step, turn, writers);
    return turn.index++ === 0 ? [start(turn), ...chunks] : chunks;
  },

  answer(path, _body, { models = [{ name: "claude-test" }] }) {
    if (path !== "/v1/models") return undefined;
    const data = models.map((model) => ({
      type: "model",
      id: model.name,
      display_name: model.name,
      created_at: "2026-01-01T00:00:00Z",
      ...(model.contextTokens && { max_input_tokens: model.contextTokens }),
    }));
    return { body: { data, has_more: false, first_id: null, last_id: null } };
  },
};

const writers: Writers = {
  text: (said, turn) => text(said, turn),
  reasoning: (said, turn) => thinking(said, turn),
  calls: (calls, turn) => calls.flatMap((one) => call(one, turn)),
  failed: (message) => event({ type: "error", error: { type: "api_error", message } }),
  end,
};

const event = (value: { type: string } & Record<string, unknown>) =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

const start = ({ model }: WireTurn) =>
  event({
    type: "message_start",
    message: {
      id: "msg_01",
      type: "message",
      role: "assistant",
      content: [],
      model,
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 1 },
    },
  }) + event({ type: "ping" });

/** Blocks are numbered in the order in which they come. */
const blocks = new WeakMap<WireTurn, number>();

function block(turn: WireTurn, content_block: object, deltas: object[]): string[] {
  const index = blocks.get(turn) ?? 0;
  blocks.set(turn, index + 1);
  return [
    event({ type: "content_block_start", index, content_block }),
    ...deltas.map((delta) => event({ type: "content_block_delta", index, delta })),
    event({ type: "content_block_stop", index }),
  ];
}

const text = (said: string, turn: WireTurn) =>
  block(
    turn,
    { type: "text", text: "" },
    toTokens(said).map((text) => ({ type: "text_delta", text })),
  );

const thinking = (said: string, turn: WireTurn) =>
  block(turn, { type: "thinking", thinking: "", signature: "" }, [
    ...toTokens(said).map((thinking) => ({ type: "thinking_delta", thinking })),
    { type: "signature_delta", signature: SIGNATURE },
  ]);

function call(step: ScriptedCall, turn: WireTurn): string[] {
  turn.calls++;
  const head = { type: "tool_use", id: step.id ?? "", name: step.call };
  // `asText: false` is a server that sends the object itself, whole; its bytes go out as they are.
  if (step.asText === false) {
    const marker = "@input@";
    return block(turn, { ...head, input: marker }, []).map((chunk) =>
      chunk.replace(JSON.stringify(marker), () => step.arguments),
    );
  }
  const parts = step.arguments.match(/[^]{1,5}/g) ?? [];
  return block(turn, { ...head, input: {} }, [
    { type: "input_json_delta", partial_json: "" },
    ...parts.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  ]);
}

const REASONS: Record<string, string> = { length: "max_tokens" };

function end(given: Ending, turn: WireTurn): string[] {
  const usual = turn.calls > 0 ? "tool_use" : "end_turn";
  const cached = given.cachedTokens;
  return [
    event({
      type: "message_delta",
      delta: {
        stop_reason: given.reason ? (REASONS[given.reason] ?? given.reason) : usual,
        stop_sequence: null,
      },
      usage: {
        // What was read from the cache is not counted again here.
        input_tokens: (given.inputTokens ?? 12) - (cached ?? 0),
        output_tokens: given.outputTokens ?? 5,
        ...(cached !== undefined && {
          cache_read_input_tokens: cached,
          cache_creation_input_tokens: 0,
        }),
      },
    }),
    event({ type: "message_stop" }),
  ];
}

if (import.meta.main) await runFake(wire);
