/** A model that says what a test tells it to, over the `Provider` contract, and keeps what it was asked. */

import type { Candidate } from "../../src/models/candidate.ts";
import type { ChatEvent, ChatRequest } from "../../src/models/provider.ts";
import type { Sealed } from "../../src/protocol/message.ts";

/** One answer. Pieces of text come as separate events; `fail` is thrown after what stands beside it. */
export type Answer = {
  text?: string | readonly string[];
  reasoning?: string;
  calls?: readonly { tool: string; input?: object; json?: string; id?: string }[];
  sealed?: Sealed;
  reason?: "stop" | "length" | "tool-calls";
  usage?: { inputTokens: number; outputTokens: number; cachedTokens?: number };
  fail?: unknown;
  /** Waited for before anything comes. */
  after?: Promise<unknown>;
  /** Waited for between the text and the end. */
  before?: (signal: AbortSignal) => Promise<unknown>;
};

export type ScriptedModel = { candidate: Candidate; requests: ChatRequest[] };

/** Answers in order; a function decides by the request. Too few answers are an error of the test. */
export function createScriptedModel(
  script: readonly Answer[] | ((request: ChatRequest, at: number) => Answer),
  traits: Partial<Candidate> = {},
): ScriptedModel {
  const requests: ChatRequest[] = [];
  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const at = requests.push({ ...request, messages: [...request.messages] }) - 1;
    const answer = typeof script === "function" ? script(request, at) : script[at];
    if (!answer) throw new RangeError(`the script has no answer ${at + 1}`);
    signal.throwIfAborted();
    await answer.after;
    signal.throwIfAborted();
    if (answer.reasoning) yield { type: "reasoning", text: answer.reasoning };
    for (const text of [answer.text ?? []].flat()) {
      signal.throwIfAborted();
      yield { type: "text", text };
    }
    await answer.before?.(signal);
    signal.throwIfAborted();
    if (answer.fail !== undefined) throw answer.fail;
    const calls = answer.calls ?? [];
    for (const [number, { tool, input, json, id }] of calls.entries()) {
      const argumentsJson = json ?? JSON.stringify(input ?? {});
      yield {
        type: "tool-call",
        call: { id: id ?? `call_${at}_${number}`, tool, argumentsJson },
      };
    }
    if (answer.sealed) yield { type: "sealed", sealed: answer.sealed };
    const reason = answer.reason ?? (calls.length > 0 ? "tool-calls" : "stop");
    yield { type: "done", reason, usage: answer.usage ?? { inputTokens: 100, outputTokens: 10 } };
  }
  const candidate: Candidate = {
    ref: "fake/model",
    provider: { id: "fake", baseUrl: "http://fake.test", listModels: async () => [], chat },
    model: { id: "model", locality: "device" },
    locality: "device",
    contextTokens: 32_768,
    params: {},
    tools: true,
    demonstration: false,
    why: "the test says so",
    ...traits,
  };
  return { candidate, requests };
}
