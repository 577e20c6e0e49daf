import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { withProgress } from "./words.ts";

export const offlinePlan = defineCommand({
  name: "offline plan",
  summary: "list every artefact that the config needs, with size and digest; uses no network",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, within }) {
    const offline = await host.offline();
    const items = await withProgress({ terminal, within }, (watch) => offline.plan(watch));
    if (!items) return 130;
    const missing = items.filter(({ state }) => state === "missing");
    if (options["json"]) {
      terminal.json({ complete: missing.length === 0, items });
      return missing.length === 0 ? 0 : 1;
    }
    terminal.table(
      items.map(({ state, kind, title, sizeBytes, files }) => [
        state,
        kind,
        title,
        sizeBytes === undefined ? "" : describeSize(sizeBytes),
        files.at(-1)?.sha256.slice(0, 12) ?? "",
      ]),
    );
    for (const { title, why, fix } of missing)
      terminal.say(`${title}: ${why}${fix === undefined ? "" : `\n  fix   ${fix}`}`);
    return missing.length === 0 ? 0 : 1;
  },
});
