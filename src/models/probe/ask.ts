/** One request of a probe, and all that is worth knowing of how it was answered. */

import type { Clock } from "../../base/clock.ts";
import { Fault, type FaultCode } from "../../base/fault.ts";
import type { ToolCall } from "../../protocol/message.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { createSalvageGate, type SalvageGate } from "../salvage-gate.ts";

export type Heard = {
  text: string;
  reasoning: string;
  calls: ToolCall[];
  /** The calls were written as text, and read as the agent would read them. */
  salvaged: boolean;
  /** How many pieces the words came in. */
  pieces: number;
  /** By our clock, from the request to the first word and to the end; undefined where it stood in a queue. */
  firstMs?: number;
  totalMs?: number;
  end?: Extract<ChatEvent, { type: "done" }>;
  /** A person came in between and it was asked once more: a part of the prompt may be cached by then. */
  disturbed: boolean;
  /** Why it did not end well. What came before stands beside it. */
  fault?: Fault;
};

export type Asking = { provider: Provider; request: ChatRequest };

/**
 * Asks, and takes a failure for an answer: that a model fails is what a probe wants to know. It gives way to
 * people, and asks again after them. Throws the signal's reason, and what says nothing of the model: its
 * server is gone, or must not be asked.
 */
export async function ask(
  asking: Asking,
  limit: { clock: Clock; limitMs: number },
  signal: AbortSignal,
): Promise<Heard> {
  for (let disturbed = false; ; disturbed = true) {
    const heard = await askOnce(asking, limit, signal);
    if (heard.fault?.code !== "MODEL_GAVE_WAY") return { ...heard, disturbed };
  }
}

async function askOnce(
  { provider, request }: Asking,
  { clock, limitMs }: { clock: Clock; limitMs: number },
  signal: AbortSignal,
): Promise<Heard> {
  const heard: Heard = {
    text: "",
    reasoning: "",
    calls: [],
    salvaged: false,
    pieces: 0,
    disturbed: false,
  };
  const gate = gateFor(request);
  const watch = createWatch(provider.id, limitMs, clock);
  try {
    const both = AbortSignal.any([signal, watch.signal]);
    // Live, since its times are what is measured.
    const events = provider.chat({ ...request, priority: "background", live: true }, both);
    await listen(events, { heard, gate, clock, onProgress: watch.restart });
  } catch (error) {
    signal.throwIfAborted();
    const fault = watch.signal.aborted ? watch.signal.reason : error;
    if (!(fault instanceof Fault) || SAYS_NOTHING.has(fault.code)) throw fault;
    heard.fault = fault;
  } finally {
    watch.end();
  }
  const rest = gate?.end();
  heard.text += rest?.text ?? "";
  if (rest && rest.calls.length > 0 && heard.calls.length === 0) {
    heard.calls.push(...rest.calls);
    heard.salvaged = true;
  }
  return heard;
}

const SAYS_NOTHING: ReadonlySet<string> = new Set<FaultCode>([
  "MODEL_UNREACHABLE",
  "MODEL_MISSING",
  "MODEL_KEY_REFUSED",
  "MODEL_NOT_ALLOWED",
  "MODEL_BUSY",
  "EGRESS_BLOCKED",
]);

/** Ends an answer that takes too long. To stand in a queue, and to see that it goes on, does not count. */
function createWatch(provider: string, limitMs: number, clock: Clock) {
  const over = new AbortController();
  const asleep = new AbortController();
  let sinceMs = clock.elapsedMs();
  const watch = async () => {
    for (;;) {
      const leftMs = sinceMs + limitMs - clock.elapsedMs();
      if (leftMs <= 0) break;
      await clock.sleep(leftMs, asleep.signal);
    }
    const seconds = Math.round(limitMs / 1000);
    over.abort(new Fault("MODEL_TIMEOUT", { provider, what: "whole answer", seconds }));
  };
  watch().catch(() => {}); // it is woken by `end` alone
  return {
    signal: over.signal,
    restart: () => {
      sinceMs = clock.elapsedMs();
    },
    end: () => asleep.abort("over"),
  };
}

type Listening = {
  heard: Heard;
  gate: SalvageGate | undefined;
  clock: Clock;
  onProgress: () => void;
};

async function listen(events: AsyncIterable<ChatEvent>, to: Listening): Promise<void> {
  const { heard, gate, clock, onProgress } = to;
  const startedMs = clock.elapsedMs();
  let queued = false;
  for await (const event of events) {
    if (event.type === "progress") {
      queued ||= event.on === "queue";
      onProgress();
      continue;
    }
    if (!queued) heard.firstMs ??= clock.elapsedMs() - startedMs;
    if (event.type === "text") {
      heard.pieces += 1;
      heard.text += gate ? gate.push(event.text) : event.text;
    } else if (event.type === "reasoning") heard.reasoning += event.text;
    else if (event.type === "tool-call") heard.calls.push(event.call);
    else if (event.type === "done") heard.end = event;
  }
  if (!queued) heard.totalMs = clock.elapsedMs() - startedMs;
}

/** As the agent reads a text that is really a call. What arguments are worth is judged later. */
function gateFor({ tools, messages }: ChatRequest): SalvageGate | undefined {
  if (tools.length === 0) return undefined;
  let salvaged = 0;
  return createSalvageGate({
    tools,
    accepts: () => true,
    earlier: messages.flatMap((message) => (message.role === "assistant" ? [] : [message.text])),
    newCallId: () => `salvaged_${salvaged++}`,
  });
}
