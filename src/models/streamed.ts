/**
 * An answer that comes as server-sent events, from the first byte to its end: what the three dialects that
 * use them do alike. Each brings a reader that knows what its events mean.
 */

import { Fault } from "../base/fault.ts";
import { isRecord } from "../base/json.ts";
import { createLineReader } from "../base/lines.ts";
import type { ModelServer, StreamedChat } from "./model-server.ts";
import type { ChatEvent } from "./provider.ts";

export interface AnswerReader {
  /** The events of one event's data. Throws a `Fault` for an error in it or what cannot be read. */
  read(data: string): ChatEvent[];
  /** Whether the server has said how the answer ends: what breaks after that costs counts at most. */
  readonly finished: boolean;
  /** Whether nothing more belongs to the answer. */
  readonly over: boolean;
  /** The calls and the one `done`, once it is finished. */
  end(): ChatEvent[];
}

export type AnswerContext = {
  provider: string;
  model: string;
  newCallId: () => string;
  /** Ids of earlier calls in the conversation. */
  usedIds: Set<string>;
};

/** An event holds one token or a piece of a call; an answer that was not streamed is one line. */
const MAX_LINE = 16 * 1024 * 1024;

/** Throws as `Provider.chat` does. */
export async function* streamAnswer(
  server: ModelServer,
  sent: StreamedChat,
  answer: AnswerReader,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const body = await server.stream(sent, signal);
  const lines = createDataReader();
  let told = false;
  /** Lazy: what comes before a broken event is told before it throws. */
  function* read(datas: readonly string[]): Generator<ChatEvent> {
    for (const data of datas) {
      // What may follow the end is read and dropped: the connection can be used again.
      if (told) continue;
      yield* answer.read(data);
      if (!answer.over) continue;
      const end = answer.end(); // may throw: a refusal is told at the end
      told = true;
      yield* end;
    }
  }
  try {
    for await (const bytes of body) for (const event of read(lines.read(bytes))) yield event;
    for (const event of read(lines.end())) yield event;
  } catch (error) {
    // A connection that breaks after the finish has told all but the counts.
    const failure = server.toReadFailure(error, signal);
    const cut = failure instanceof Fault && failure.code === "MODEL_STREAM_CUT";
    if (!told && !(answer.finished && cut)) throw failure;
  }
  if (told) return;
  if (!answer.finished) throw server.toReadFailure(undefined, signal);
  for (const event of answer.end()) yield event;
}

/**
 * The data of each event. By line and not by event: every server puts one on one `data:` line, and some
 * forget the empty line between two. An answer that is no event stream at all (JSON in spite of
 * `stream: true`, over any number of lines) comes whole.
 */
function createDataReader() {
  const lines = createLineReader({ maxLength: MAX_LINE });
  let stray = "";
  const take = (read: readonly string[]): string[] =>
    read.flatMap((line) => {
      if (line.startsWith("data:")) return line.slice(5).trim();
      if (!/^(:|event:|id:|retry:)/.test(line)) stray += `${line}\n`;
      if (stray.length > MAX_LINE) throw new RangeError(`an answer exceeds ${MAX_LINE} characters`);
      return [];
    });
  return {
    read: (bytes: Uint8Array) => take(lines.read(bytes)),
    end: () => {
      const last = take(lines.end());
      return stray === "" ? last : [...last, stray.trim()];
    },
  };
}

/** Throws `MODEL_GARBLED`. */
export function parseData(json: string, provider: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw garbled(provider, `a chunk is not JSON: ${JSON.stringify(json.slice(0, 80))}`, cause);
  }
  if (isRecord(value)) return value;
  throw garbled(provider, "a chunk is no JSON object");
}

export const garbled = (provider: string, detail: string, cause?: unknown) =>
  new Fault("MODEL_GARBLED", { provider, detail }, { cause });
