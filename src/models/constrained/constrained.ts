/**
 * A provider whose tools are called through a forced form instead of the server's own calls: the tools are
 * described in the system text, and a JSON schema leaves the model two ways to answer, `{"tool","input"}`
 * or `{"answer"}`. For models that call tools badly, or not at all, on servers that can force a schema.
 *
 * Whoever asks sees no difference: text comes as text, calls as calls.
 */

import { encodeOnce } from "../replay.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { formOf, toInstructions } from "./form.ts";
import { createFormReader } from "./reader.ts";
import { createRewriter } from "./rewrite.ts";

/** A request without tools passes as it is. */
export function constrained(provider: Provider, newCallId: () => string): Provider {
  const rewrite = createRewriter();
  const instruct = encodeOnce(toInstructions);

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const { tools, toolChoice = "auto", system } = request;
    if (tools.length === 0) return yield* provider.chat(request, signal);
    const { toolChoice: _, ...rest } = request;
    const reader = createFormReader(newCallId);
    const forced: ChatRequest = {
      ...rest,
      system: [system, instruct(tools)].filter(Boolean).join("\n\n"),
      tools: [],
      messages: rewrite(request.messages),
      format: formOf(tools, toolChoice),
    };
    for await (const event of provider.chat(forced, signal)) {
      if (event.type === "text") {
        const text = reader.push(event.text);
        if (text !== "") yield { type: "text", text };
      } else if (event.type === "done") {
        const { text, call } = reader.end();
        if (text !== "") yield { type: "text", text };
        if (call) yield { type: "tool-call", call };
        yield call && event.reason === "stop" ? { ...event, reason: "tool-calls" } : event;
      } else {
        yield event;
      }
    }
  }

  return { ...provider, chat };
}
