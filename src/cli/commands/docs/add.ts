import { resolve } from "node:path";

import { Fault, ReportedFault } from "../../../base/fault.ts";
import type { DocumentEvent } from "../../../protocol/documents.ts";
import { describeSeconds, drawBar } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

type Done = Extract<DocumentEvent, { type: "done" }>;

export const docsAdd = defineCommand({
  name: "docs add",
  summary:
    "read a folder of documents, so that you and the agent can search it; again: what changed",
  arguments: [["<folder>", "such as ~/Documents"]],
  options: [
    ["--private", "search it in private sessions only"],
    ["--json", "print what happens, one JSON value a line"],
  ],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run({ host, args, options, terminal, within, signal }) {
    const asJson = Boolean(options["json"]);
    // The gateway may stand in another folder.
    const asked = { path: resolve(args[0] ?? "."), private: Boolean(options["private"]) };
    const done = await within((stop) =>
      host.withGateway(
        (client) => watch(client.addDocuments(asked, stop), terminal, asJson),
        signal,
      ),
    );
    if (!done) {
      terminal.say("Stopped. What was read stays, and the same command goes on from there.");
      return 130;
    }
    if (!asJson) tell(done, terminal);
    return 0;
  },
});

async function watch(
  events: AsyncIterable<DocumentEvent>,
  terminal: Terminal,
  asJson: boolean,
): Promise<Done> {
  try {
    for await (const event of events) {
      if (event.type === "failed") throw new ReportedFault(event);
      if (asJson) terminal.json(event);
      else if (event.type === "progress") terminal.progress(describe(event));
      if (event.type === "done") return event;
    }
  } finally {
    terminal.progress(undefined);
  }
  throw new Fault("GATEWAY_SILENT", { address: "the gateway", detail: "its answer was cut off" });
}

function describe({ text, done, total }: Extract<DocumentEvent, { type: "progress" }>): string {
  if (done === undefined || !total) return text;
  const share = done / total;
  return `${text}  ${drawBar(share)} ${Math.floor(share * 100)}%  ${done} of ${total} files`;
}

function tell({ folder, warning, ...counts }: Done, terminal: Terminal): void {
  const { added, changed, removed, unchanged, seconds } = counts;
  terminal.print(
    `${folder.name}: ${folder.files} ${folder.files === 1 ? "document" : "documents"} can be searched (${added} new, ${changed} changed, ${removed} gone, ${unchanged} as before; ${describeSeconds(seconds)})`,
  );
  if (folder.leftOutCount > 0) {
    terminal.say(`${folder.leftOutCount} files were left out: isopod docs list says why.`);
  }
  if (warning) terminal.say(`${warning.code}  ${warning.message}\n  fix   ${warning.fix}`);
  terminal.say("Conversations that begin from now on can search it.");
}
