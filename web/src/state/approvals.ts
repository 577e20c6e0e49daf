/** The open questions to this person, over all sessions. Pure. */

import type { ApprovalRequest, TurnEvent } from "../../../src/protocol/event.ts";

export function foldApprovals(
  approvals: readonly ApprovalRequest[],
  session: string,
  event: TurnEvent,
): readonly ApprovalRequest[] {
  switch (event.type) {
    case "approval":
      return [...approvals.filter(({ id }) => id !== event.approval.id), event.approval];
    case "approval-decided":
      return approvals.filter(({ id }) => id !== event.id);
    case "done":
    case "failed":
      // One turn runs in a session at a time: with it, its questions are over.
      return approvals.filter((asked) => asked.session !== session);
    default:
      return approvals;
  }
}
