import { Fault, ReportedFault } from "../../../base/fault.ts";
import type { ProbeEvent, Scorecard } from "../../../protocol/scorecard.ts";
import { drawBar } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { describeAge, describeChecks, describeScorecard } from "../../describe-scorecard.ts";
import type { Terminal } from "../../terminal.ts";

export const modelsProbe = defineCommand({
  name: "models probe",
  summary: "measure how a model calls tools, how much it reads and how fast it is",
  arguments: [["[model]", "such as ollama/qwen3:8b; without it the one that answers now"]],
  options: [
    ["--all", "every model that can be reached, one after the other"],
    ["--full", "the whole context and each way of calling, whatever it takes"],
    ["--yes", "also a model that may cost money"],
    ["--json", "print the scorecard as JSON, one a line"],
  ],

  async run({ host, args, options, terminal, within, signal }) {
    const [model] = args;
    const all = Boolean(options["all"]);
    if (all && model !== undefined) {
      const detail = "name a model, or take --all";
      throw new Fault("USAGE", { detail, command: "isopod models probe" });
    }
    const order = {
      ...(model !== undefined && { model }),
      ...(all && { all }),
      ...(options["full"] === true && { full: true }),
      ...(options["yes"] === true && { paid: true }),
    };
    const asJson = Boolean(options["json"]);
    const failed = await within((stop) =>
      host.withGateway(
        (client) => watchProbe(client.probeModel(order, stop), terminal, { all, asJson }),
        signal,
      ),
    );
    if (failed !== undefined) return failed > 0 ? 1 : 0;
    terminal.say("Stopped. Nothing was kept of what was measured so far of that model.");
    return 130;
  },
});

type Showing = { all: boolean; asJson: boolean };

/** How many could not be measured. Throws the fault of one that was named, `GATEWAY_SILENT` for a cut answer. */
async function watchProbe(
  events: AsyncIterable<ProbeEvent>,
  terminal: Terminal,
  { all, asJson }: Showing,
): Promise<number> {
  const show = createProgress(terminal);
  try {
    for await (const event of events) {
      if (event.type === "progress") show(event);
      else terminal.progress(undefined);
      if (event.type === "end") return event.failed;
      if (event.type === "scorecard") print(event.scorecard, terminal, asJson);
      if (event.type !== "failed") continue;
      const { ref, code, message, fix } = event;
      if (!all) throw new ReportedFault({ code, message, fix });
      if (asJson) terminal.json({ ref, error: { code, message, fix } });
      else terminal.say(`${terminal.red(code)}  ${message}\n  fix   ${fix}`);
    }
  } finally {
    terminal.progress(undefined);
  }
  throw new Fault("GATEWAY_SILENT", { address: "the gateway", detail: "its answer was cut off" });
}

type Progress = Extract<ProbeEvent, { type: "progress" }>;

/** A bar that moves; where nobody sits there, a line for each thing that is begun. */
function createProgress(terminal: Terminal): (event: Progress) => void {
  let told = "";
  return ({ ref, done, steps, text }) => {
    const share = steps === 0 ? 0 : done / steps;
    terminal.progress(`${ref}  ${drawBar(share)} ${Math.floor(share * 100)}%  ${text}`);
    if (terminal.interactive || text === told) return;
    told = text;
    terminal.say(`${ref}: ${text}`);
  };
}

function print(card: Scorecard, terminal: Terminal, asJson: boolean): void {
  if (asJson) return terminal.json(card);
  terminal.print(`${terminal.bold(card.ref)}  ${describeAge(card.measuredAt, Date.now())}`);
  terminal.table(describeScorecard(card));
  terminal.print("");
  terminal.table(describeChecks(card.checks));
}
