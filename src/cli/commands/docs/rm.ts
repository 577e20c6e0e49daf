import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { defineCommand } from "../../command.ts";

export const docsRemove = defineCommand({
  name: "docs rm",
  summary: "forget what was read of a folder of documents; the files stay",
  arguments: [["<folder>", "its name or its path, as docs list shows them"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const [named = ""] = args;
    // A path may be typed from where one stands; a name has no slash.
    const folder = named.includes("/") && existsSync(named) ? resolve(named) : named;
    const removed = await host.withGateway(
      (client) => client.removeDocuments(folder, signal),
      signal,
    );
    if (options["json"]) terminal.json(removed);
    else
      terminal.print(
        `${removed.name} is not searched any more. The files in ${removed.path} stay.`,
      );
    return 0;
  },
});
