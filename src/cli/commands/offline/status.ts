import type { Live, StatusReport } from "../../../offline/status/status.ts";
import { type Host, defineCommand } from "../../command.ts";
import { describeSince } from "../../describe-scorecard.ts";
import type { Terminal } from "../../terminal.ts";

export const offlineStatus = defineCommand({
  name: "offline status",
  summary:
    "what of this config works without the internet, what does not, why, and what to do instead",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const live = await look(host, signal);
    const report = (await host.offline()).status(live);
    if (options["json"]) terminal.json(report);
    else print(report, terminal);
    return report.ready ? 0 : 1;
  },
});

/** What a running gateway sees; none is started for it. */
async function look(host: Host, signal: AbortSignal): Promise<Live | undefined> {
  if (!(await host.running())) return undefined;
  const client = await host.connect(signal);
  const { mode, model, sandbox } = await client.status(signal);
  const { models } = await client.models(signal);
  return { mode, model, sandbox, models };
}

const WORKS = { yes: "yes", partly: "partly", no: "no" };

function print(report: StatusReport, terminal: Terminal): void {
  const { features, missing, ready, live, lastBundle, lastDrill, restoring } = report;
  terminal.table(features.map(({ works, feature, why }) => [WORKS[works], feature, why]));
  const less = features.filter(({ works }) => works !== "yes");
  terminal.print("");
  terminal.table(
    less.map(({ feature, alternative = "" }) => [terminal.dim("instead"), feature, alternative]),
  );
  terminal.print("");
  for (const { title, fix } of missing) terminal.print(`missing  ${title}${fix ? `: ${fix}` : ""}`);
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  terminal.print(
    lastBundle ? `last bundle  ${day(lastBundle.at)}, "${lastBundle.path}"` : "last bundle  none",
  );
  terminal.print(`last drill   ${describeDrill(lastDrill)}`);
  if (restoring) terminal.say("A restore was ended in the middle: type it again, and it goes on.");
  if (!live) terminal.say("No gateway runs: this is what config and files say.");
  terminal.print(
    ready ? "Ready: a chat is answered without the internet." : "Not ready for offline.",
  );
}

function describeDrill(drill: StatusReport["lastDrill"]): string {
  if (!drill) return "none: `isopod offline drill` rehearses it";
  const { at, ok, bundle, file } = drill;
  const of = bundle ?? "no bundle could be used";
  return `${describeSince(at, Date.now())}, ${ok ? "passed" : "FAILED"}, ${of}: "${file}"`;
}
