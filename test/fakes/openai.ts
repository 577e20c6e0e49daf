/**
 * A fake OpenAI-compatible server, written from the API reference and what llama.cpp and vLLM answer.
 * Also a program: `node test/fakes/openai.ts --port 8000 --script script.json` (see `Script` in
 * model-server.ts). What it says of itself (`/version`, `/props`, …) comes from the script's `routes`;
 * without them it is a server of no known product.
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

export const startOpenAi = (script?: Script, port?: number) => startFake(wire, script, port);

const wire: Wire = {
  chatPaths: ["/v1/chat/completions"],
  contentType: "text/event-stream",

  write: (step, turn) => writeStep(step, turn, writers),

  answer(path, _body, { models = [{ name: "qwen3-8b" }] }) {
    if (path !== "/v1/models") return undefined;
    const data = models.map((model) => ({
      id: model.name,
      object: "model",
      created: 1,
      owned_by: "someone",
      ...(model.loadedContextTokens && { max_model_len: model.loadedContextTokens }),
    }));
    return { body: { object: "list", data } };
  },
};

const writers: Writers = {
  text: (said, turn) => toTokens(said).map((content) => chunk(turn, { content })),
  reasoning: (said, turn) =>
    toTokens(said).map((reasoning_content) => chunk(turn, { content: null, reasoning_content })),
  calls: (calls, turn) => calls.flatMap((call) => pieces(call, turn)),
  failed: (message) => event({ error: { message, type: "server_error", code: 500 } }),
  end,
};

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;

function chunk({ model }: WireTurn, delta: object, finish: string | null = null): string {
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
}

/** As servers do: the name first, then the arguments in pieces of a few characters. */
function pieces({ call, arguments: json, id, asText }: ScriptedCall, turn: WireTurn): string[] {
  const index = turn.calls++;
  const head = { index, ...(id !== undefined && { id }), type: "function" };
  // `asText: false` is a server that sends the object itself, whole; its bytes go out as they are.
  if (asText === false) {
    const marker = "@arguments@";
    const whole = chunk(turn, {
      tool_calls: [{ ...head, function: { name: call, arguments: marker } }],
    });
    return [whole.replace(JSON.stringify(marker), () => json)];
  }
  const parts = json.match(/[^]{1,5}/g) ?? [];
  return [
    chunk(turn, {
      content: null,
      tool_calls: [{ ...head, function: { name: call, arguments: "" } }],
    }),
    ...parts.map((part) => chunk(turn, { tool_calls: [{ index, function: { arguments: part } }] })),
  ];
}

function end(given: Ending, turn: WireTurn): string[] {
  const { model, request } = turn;
  const reason = given.reason ?? (turn.calls > 0 ? "tool_calls" : "stop");
  const input = given.inputTokens ?? 12;
  const output = given.outputTokens ?? 5;
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(given.cachedTokens !== undefined && {
      prompt_tokens_details: { cached_tokens: given.cachedTokens },
    }),
  };
  const asked = (request as { stream_options?: { include_usage?: boolean } }).stream_options;
  return [
    chunk(turn, {}, reason),
    ...(asked?.include_usage
      ? [event({ id: "chatcmpl-1", object: "chat.completion.chunk", model, choices: [], usage })]
      : []),
    "data: [DONE]\n\n",
  ];
}

if (import.meta.main) await runFake(wire);
