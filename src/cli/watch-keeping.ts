/** Follows a load or a download: a passing line for people, one JSON value a line for scripts. */

import { Fault, ReportedFault } from "../base/fault.ts";
import type { KeepingEvent } from "../protocol/model-keeping.ts";
import { describeSeconds, describeSize, drawBar } from "./amounts.ts";
import type { Terminal } from "./terminal.ts";

type Done = Extract<KeepingEvent, { type: "done" }>;
type Progress = Extract<KeepingEvent, { type: "progress" }>;

/** How it ended well. Throws the fault that the gateway reports, and `GATEWAY_SILENT` for a cut answer. */
export async function watchKeeping(
  events: AsyncIterable<KeepingEvent>,
  terminal: Terminal,
  asJson: boolean,
  onProgress: (event: Progress) => void = () => {},
): Promise<Done> {
  try {
    for await (const event of events) {
      if (event.type === "failed") throw new ReportedFault(event);
      if (event.type === "progress") onProgress(event);
      if (asJson) terminal.json(event);
      else if (event.type === "progress") terminal.progress(describeProgress(event));
      if (event.type === "done") return event;
    }
  } finally {
    terminal.progress(undefined);
  }
  throw new Fault("GATEWAY_SILENT", { address: "the gateway", detail: "its answer was cut off" });
}

export function describeProgress(event: Progress): string {
  const { text, doneBytes, totalBytes, bytesPerSecond, secondsLeft } = event;
  if (doneBytes === undefined || !totalBytes) return text;
  const share = doneBytes / totalBytes;
  const parts = [
    text,
    `${drawBar(share)} ${Math.floor(share * 100)}%`,
    `${describeSize(doneBytes)} of ${describeSize(totalBytes)}`,
    bytesPerSecond === undefined ? "" : `${describeSize(bytesPerSecond)}/s`,
    secondsLeft === undefined ? "" : `${describeSeconds(secondsLeft)} left`,
  ];
  return parts.filter(Boolean).join("  ");
}
