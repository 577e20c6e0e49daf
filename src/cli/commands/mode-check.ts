import type { CheckReport } from "../../protocol/reach.ts";
import { defineCommand } from "../command.ts";
import { describeLinkStatus } from "../describe-reach.ts";
import type { Terminal } from "../terminal.ts";

export const modeCheck = defineCommand({
  name: "mode check",
  summary: "try one host that the config names, step by step; no key is sent",
  arguments: [["[host]", "one that the config names; without it the first beyond this machine"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const report = await host.withGateway((client) => client.checkLink(args[0], signal), signal);
    if (options["json"]) terminal.json(report);
    else print(report, terminal);
    return report.ok ? 0 : 1;
  },
});

const MARKS = { ok: "ok  ", failed: "FAIL", skipped: "-   " };
const STEPS: Record<CheckReport["steps"][number]["step"], string> = {
  dns: "name",
  tcp: "connection",
  tls: "TLS",
  http: "HTTP",
};

function print({ host, setting, steps, link }: CheckReport, terminal: Terminal): void {
  terminal.print(`${host} (${setting})`);
  for (const { step, state, detail, ms } of steps) {
    const mark = state === "failed" ? terminal.red(MARKS[state]) : MARKS[state];
    const took = state === "skipped" ? "" : `, ${ms} ms`;
    terminal.print(`${mark}  ${STEPS[step]}: ${detail}${took}`);
  }
  terminal.print(describeLinkStatus(link));
}
