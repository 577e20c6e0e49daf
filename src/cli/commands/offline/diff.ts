import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";

export const offlineDiff = defineCommand({
  name: "offline diff",
  summary: "what one bundle has that another has not; 0 where they hold the same, else 1",
  arguments: [
    ["<old>", "a bundle"],
    ["<new>", "another one"],
  ],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal }) {
    const [old = "", next = ""] = args;
    const changes = await (await host.offline()).diff(old, next);
    if (options["json"]) terminal.json({ changes });
    else if (changes.length === 0) terminal.print("They hold the same.");
    else
      terminal.table(
        changes.map(({ change, id, path, sizeBytes }) => [
          change,
          id,
          path,
          describeSize(sizeBytes),
        ]),
      );
    return changes.length === 0 ? 0 : 1;
  },
});
