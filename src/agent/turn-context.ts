/**
 * The lines that follow a new user message: the time, and what changed since the model was last told.
 * They are stored with the message and sent again as they were; the head of the prompt never changes.
 */

import type { Mode } from "../protocol/event.ts";
import { cutText } from "./cut-text.ts";
import { framed, memoryLines } from "./prompt.ts";

export type TurnFacts = {
  /** As `createMinuteText` writes it. */
  now: string;
  mode: Mode;
  /** What cannot be reached although the mode allows it; undefined where nothing is the matter. */
  link?: string | undefined;
  /** Why programs cannot be run; undefined while they can. */
  sandboxOff: string | undefined;
  /** Remembered since the session last heard of them, oldest first. */
  memories: readonly string[];
};

/** What a session was told last. Kept in memory: after a restart it is told once more. */
export type Told = { mode: Mode; link?: string | undefined; sandboxOff: string | undefined };

export function contextLines(facts: TurnFacts, told: Told | undefined): string {
  const lines = [`Now: ${facts.now}`];
  if (facts.mode !== told?.mode) lines.push(`Mode: ${facts.mode} (${MODES[facts.mode]})`);
  if (facts.link !== told?.link)
    lines.push(`Link: ${facts.link ?? "what the mode allows is reachable again"}`);
  if (facts.sandboxOff !== told?.sandboxOff) lines.push(sandboxLine(facts.sandboxOff));
  if (facts.memories.length > 0) {
    lines.push(framed("newly remembered", memoryLines(facts.memories)));
  }
  return lines.join("\n");
}

const MODES: Record<Mode, string> = {
  device: "nothing leaves this computer",
  private: "no internet",
  internet: "web tools may be used where they are listed",
};

/** Reasons are short; one that is not would be read with every later request. */
const MAX_REASON_BYTES = 200;

const sandboxLine = (off: string | undefined) =>
  off === undefined
    ? "Programs: can be run again"
    : `Programs: cannot be run (${cutText(off, MAX_REASON_BYTES).replaceAll(/\s+/g, " ")})`;

/**
 * Writes times as "Friday 2025-11-21 11:29 (Europe/Berlin)", in the system's time zone without one. To the
 * minute: nobody asks a model for seconds. To ask the system takes 25 ms, so it is asked at the first
 * message.
 */
export function createMinuteText(timeZone?: string): (at: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  let written = { minute: NaN, text: "" };
  return (at) => {
    const minute = Math.floor(at / 60_000);
    if (minute === written.minute) return written.text;
    format ??= new Intl.DateTimeFormat("en-GB", { timeZone, ...FIELDS });
    written = { minute, text: write(format, at) };
    return written.text;
  };
}

function write(format: Intl.DateTimeFormat, at: number): string {
  const parts = Object.fromEntries(
    format.formatToParts(at).map(({ type, value }) => [type, value]),
  );
  const { weekday, year, month, day, hour, minute } = parts;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute} (${format.resolvedOptions().timeZone})`;
}

const FIELDS = {
  weekday: "long",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
} as const;
