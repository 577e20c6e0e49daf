import type { TurnEvent } from "../protocol/event.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a turn to a person: the answer on standard output, the steps on standard error. */
export function createPrinter(terminal: Terminal): (event: TurnEvent) => void {
  let midLine = false;
  const endLine = () => {
    if (midLine) terminal.print("");
    midLine = false;
  };
  const step = (text: string) => {
    endLine();
    terminal.say(terminal.dim(text));
  };

  return (event) => {
    switch (event.type) {
      case "text":
        terminal.write(printable(event.text));
        midLine = !event.text.endsWith("\n");
        return;
      case "tool-call":
        return step(`· ${plain(event.tool)} ${shorten(JSON.stringify(event.input))}`);
      case "tool-result":
        return event.ok ? undefined : step(`  ${shorten(event.output)}`);
      case "approval":
        return step(`? ${event.approval.tool}\n${indent(event.approval.command)}`);
      case "approval-decided":
        return step(event.decision === "deny" ? "  not allowed" : "  allowed");
      case "waiting":
      case "note":
        return step(`· ${event.text}`);
      case "done":
        endLine();
        return event.reason === "length"
          ? step("· the answer was cut: it reached the longest length")
          : undefined;
      case "failed":
        endLine();
        terminal.say(`${terminal.red(event.code)}  ${event.message}\n  fix   ${event.fix}`);
        return;
      case "reasoning":
      case "usage":
    }
  };
}

const LONGEST = 160; // about two lines of a terminal

/**
 * A model may repeat what a hostile file told it: escape sequences that retitle, recolour or forge lines
 * must not reach the terminal. `--json` has the text as it was.
 */
export const printable = (text: string) => text.replaceAll(/(?![\n\t])\p{Cc}/gu, "\uFFFD");

export const plain = (text: string) => text.replaceAll(/\p{Cc}/gu, " ");

export const shorten = (text: string) =>
  plain(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const indent = (text: string) =>
  text
    .split("\n")
    .map((line) => `  ${plain(line)}`)
    .join("\n");
