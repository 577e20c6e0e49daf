import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "../../../base/fault.ts";
import type { EgressChange, EgressEntry, EgressPolicy } from "../../../protocol/egress.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const egressPolicy = defineCommand({
  name: "egress policy",
  summary: "show everything that may be contacted: which host, by which setting, for which feature",
  options: [
    [
      "--diff [file]",
      "what became other than in a saved one; without a file, than at the last --save",
    ],
    ["--save", "keep this one to compare with later"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const policy = await host.withGateway((client) => client.egressPolicy(signal), signal);
    const kept = join(host.home, "egress-policy.json");
    const { diff } = options;
    const file = typeof diff === "string" ? diff : kept;
    const changes = diff === undefined ? undefined : await compare(file, policy);
    if (options["save"])
      writeFileSync(kept, `${JSON.stringify(policy, undefined, 2)}\n`, { mode: 0o600 });
    if (options["json"]) terminal.json(changes === undefined ? policy : { changes });
    else if (changes === undefined) print(policy, terminal);
    else printChanges(changes, file, terminal);
    return changes !== undefined && changes.length > 0 ? 1 : 0;
  },
});

async function compare(file: string, now: EgressPolicy): Promise<EgressChange[]> {
  // The schemas take longer to load than everything else that this command does.
  const { diffPolicies, parsePolicy } = await import("../../../network/policy-report.ts");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("EGRESS_POLICY_UNREADABLE", { file, detail: "it cannot be read" }, { cause });
  }
  const before = parsePolicy(text);
  if (before) return diffPolicies(before, now);
  throw new Fault("EGRESS_POLICY_UNREADABLE", { file, detail: "it is not a saved policy" });
}

function print({ mode, cap, entries }: EgressPolicy, terminal: Terminal): void {
  terminal.print(`Mode ${mode}; config allows ${cap} at most.`);
  terminal.table([["HOST", "VERDICT", "FOR", "NAMED BY", "WHY"], ...entries.map(toRow)]);
  terminal.say(
    "Anything else is refused. Programs without a line here get no network from Isopod.",
  );
}

const toRow = ({ host, verdict, feature, setting, why, needs }: EgressEntry) => [
  host,
  verdict,
  feature,
  setting,
  needs === undefined ? why : `${why}; isopod mode set ${needs}`,
];

function printChanges(changes: readonly EgressChange[], file: string, terminal: Terminal): void {
  if (changes.length === 0) return terminal.print(`Nothing is other than in ${file}.`);
  const MARK = { added: "+", removed: "-", changed: "~" };
  terminal.table(changes.map(({ change, entry }) => [MARK[change], ...toRow(entry)]));
}
