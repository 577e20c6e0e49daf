import type { Candidate } from "../models/candidate.ts";
import type { TurnEvent } from "../protocol/event.ts";

/** What a person is told as an epoch begins, of a model that does not call tools as its server has it. */
export function toolModeNote({
  ref,
  toolMode,
  scorecard,
}: Candidate): Extract<TurnEvent, { type: "note" }> | undefined {
  if (!scorecard || toolMode !== scorecard.mode || toolMode === "native") return undefined;
  const how =
    toolMode === "constrained"
      ? `"${ref}" calls tools through a forced JSON form`
      : `"${ref}" is used without tools`;
  return { type: "note", code: "TOOL_MODE", text: `${how}: ${scorecard.why}` };
}
