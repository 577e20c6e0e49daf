import type { WindowReport } from "../../../protocol/window.ts";
import { type Command, defineCommand } from "../../command.ts";

export const contextCheck: Command = defineCommand({
  name: "context check",
  summary: "see whether a model server really holds the context that is asked of it",
  arguments: [["[model]", "such as ollama/qwen3:8b; the one that answers without it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    terminal.progress("reading a prompt that fills the window");
    const report = await host.withGateway((client) => client.checkContext(args[0], signal), signal);
    terminal.progress(undefined);
    if (options["json"]) terminal.json(report);
    else for (const line of toLines(report)) terminal.print(line);
    return report.state === "cut" ? 1 : 0;
  },
});

function* toLines(report: WindowReport): Generator<string> {
  const { ref, contextTokens, heldTokens, state, slots, why = "", advice } = report;
  switch (state) {
    case "whole":
      yield `${ref} holds its ${contextTokens} tokens: it said both words at the ends of a prompt that filled them.`;
      break;
    case "counted":
      yield `${ref} counted all of a prompt that filled its ${contextTokens} tokens; it could not repeat the words at its ends.`;
      break;
    case "cut":
      yield `${ref} holds ${heldTokens} of ${contextTokens} tokens; no more than that is sent to it from now on.`;
      break;
    case "skipped":
      yield `${ref} was not looked at: ${why}.`;
  }
  yield SLOTS[slots];
  if (advice !== undefined) yield `  fix   ${advice}`;
}

const SLOTS: Record<WindowReport["slots"], string> = {
  kept: "Two conversations that take turns are both kept in its server's cache.",
  evicted: "Two conversations that take turns push each other out of its server's cache.",
  unknown: "Whether its server keeps two conversations at once could not be told.",
};
