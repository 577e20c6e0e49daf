/** A cause in words for people, and what to do about it. Pure. */

import type { RequestReport } from "../../protocol/context.ts";

export function textOf(report: RequestReport): string {
  const { cause, changed, beside = 0, model } = report;
  const where = changed ? ` (${placeOf(changed)})` : "";
  switch (cause) {
    case "held":
      return "The prompt went on where the one before ended, and its server still had that.";
    case "first":
      return `It was the first request to "${model}" in this session.`;
    case "system":
      return `The system text changed${where}.`;
    case "tools":
      return `The list of tools changed${where}.`;
    case "template":
      return `${listed(changed?.names ?? [])} changed: the server writes another prompt of the same messages.`;
    case "history":
      return `An earlier message was sent otherwise than before${where}.`;
    case "compaction":
      return `The conversation was shortened to make room${where}.`;
    case "slot":
      return `The prompt had not changed; ${requests(beside)} of other sessions came in between and took its place in the server.`;
    case "reloaded":
      return changed?.names
        ? `${listed(changed.names)} changed, and the model was loaded anew.`
        : "The prompt had not changed, and the server had nothing of it: the model was loaded anew, or another program used its only slot.";
    case "server":
      return "The prompt had not changed; the server had dropped a part of it.";
  }
}

const ADVICE: Record<RequestReport["cause"], string> = {
  held: "Nothing to do",
  first: "Nothing to do",
  system: "Change `instructions` between conversations, or start a new session after it",
  tools: "Start a new session after an update or a change of tools",
  template: "Keep parameters such as `think` the same within a conversation",
  history: "Report it: within an epoch no message is ever sent otherwise",
  compaction:
    "It happens once in a while in a long conversation; a larger context makes it happen less",
  slot: "",
  reloaded:
    "Keep the model loaded with `params.keep_alive`, and let all programs use one context size",
  server: "",
};

/** `slots` is what fits the server's product. */
export const adviceOf = ({ cause }: RequestReport, slots: string): string =>
  ADVICE[cause] === "" ? slots : ADVICE[cause];

function placeOf({ byte, within, exact, message }: NonNullable<RequestReport["changed"]>): string {
  const at = exact ? `byte ${within}` : `within the 64 bytes from byte ${within}`;
  return message
    ? `message ${message.index + 1}, by ${NAMES[message.role] ?? message.role}, ${at} of it; byte ${byte} of the prompt`
    : `${at} of it; byte ${byte} of the prompt`;
}

const NAMES: Record<string, string> = {
  user: "the user",
  assistant: "the assistant",
  tool: "a tool",
};

const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
const requests = (count: number) => (count === 1 ? "a request" : `${count} requests`);
