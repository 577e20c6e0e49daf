import { followLedger } from "../../../network/read-ledger.ts";
import { defineCommand } from "../../command.ts";
import { toLedgerRow } from "./row.ts";

export const egressWatch = defineCommand({
  name: "egress watch",
  summary: "show each line of the ledger as it is written, until Ctrl-C",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    terminal.say(`Watching the ledger in ${host.home}; Ctrl-C ends it.`);
    for await (const line of followLedger(host.home, signal)) {
      if (options["json"]) terminal.json(line);
      else terminal.print(toLedgerRow(line).filter(Boolean).join("  "));
    }
    return 0;
  },
});
