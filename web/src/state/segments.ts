/**
 * A turn as the rows a page shows. A row keeps its key when what was live becomes a stored message, so
 * that nothing on the screen is built anew, folds shut or loses its selection at that moment.
 */

import type { SessionMessage, ShownImage } from "../../../src/protocol/event.ts";
import type { Live, Turn } from "./thread.ts";

export type Segment =
  | { kind: "user"; key: string; message: string; text: string; images: readonly ShownImage[] }
  | { kind: "text"; key: string; text: string }
  | { kind: "reasoning"; key: string; text: string; streaming: boolean }
  | { kind: "step"; key: string; step: Step }
  | { kind: "note"; key: string; code: string; text: string }
  | { kind: "fault"; key: string; code: string; text: string; fix: string };

export type Step = {
  id: string;
  tool: string;
  input: unknown;
  /** "cut" is a call that neither ended nor runs: the turn was stopped or the gateway ended. */
  state: "running" | "ok" | "failed" | "cut";
  output: string | null;
};

type Results = Map<string, { ok: boolean; output: string }>;

export function segmentsOf(turn: Turn): Segment[] {
  const rows = createRows(resultsOf(turn), turn.live !== null && !turn.live.ended);
  for (const message of turn.messages) addMessage(rows, message);
  if (turn.live) addLive(rows, turn.live);
  return rows.segments;
}

/** The answer as one text, for copying and for screen readers. */
export function answerOf(turn: Turn): string {
  return segmentsOf(turn)
    .filter((segment) => segment.kind === "text")
    .map(({ text }) => text)
    .join("\n\n");
}

type Rows = ReturnType<typeof createRows>;

function createRows(results: Results, running: boolean) {
  const segments: Segment[] = [];
  const counts = new Map<string, number>();
  const nextKey = (kind: string) => {
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return `${kind}:${count}`;
  };
  return {
    segments,
    user: (message: string, text: string, images: readonly ShownImage[] = []) =>
      segments.push({ kind: "user", key: nextKey("user"), message, text, images }),
    text: (text: string) => {
      // Models send blank lines around tool calls; an empty row would be a gap.
      if (text.trim() !== "") segments.push({ kind: "text", key: nextKey("text"), text });
    },
    reasoning: (text: string, streaming: boolean) => {
      if (text.trim() === "") return;
      segments.push({ kind: "reasoning", key: nextKey("reasoning"), text, streaming });
    },
    call: ({ id, tool, input }: { id: string; tool: string; input: unknown }) => {
      const result = results.get(id);
      const state = result ? (result.ok ? "ok" : "failed") : running ? "running" : "cut";
      const step: Step = { id, tool, input, state, output: result?.output ?? null };
      segments.push({ kind: "step", key: `step:${id}`, step });
    },
    notice: (code: string, text: string, fix?: string) => {
      const key = nextKey("notice");
      segments.push(
        fix ? { kind: "fault", key, code, text, fix } : { kind: "note", key, code, text },
      );
    },
  };
}

function addMessage(rows: Rows, message: SessionMessage): void {
  switch (message.role) {
    case "user":
      rows.user(message.id, message.text, message.images);
      return;
    case "assistant":
      rows.reasoning(message.reasoning ?? "", false);
      rows.text(message.text);
      message.toolCalls.forEach(rows.call);
      return;
    case "notice":
      rows.notice(message.code, message.text, message.fix);
      return;
    case "tool":
      // Shown in the row of its call.
      return;
  }
}

function addLive(rows: Rows, live: Live): void {
  live.parts.forEach((part, at) => {
    if (part.kind === "text") rows.text(part.text);
    else if (part.kind === "call") rows.call(part);
    else rows.reasoning(part.text, !live.ended && at === live.parts.length - 1);
  });
  for (const note of live.notes) rows.notice(note.code, note.text);
  if (live.fault) rows.notice(live.fault.code, live.fault.message, live.fault.fix);
}

function resultsOf(turn: Turn): Results {
  const results: Results = new Map(Object.entries(turn.live?.results ?? {}));
  for (const message of turn.messages) {
    if (message.role === "tool") {
      results.set(message.callId, { ok: message.ok, output: message.text });
    }
  }
  return results;
}
