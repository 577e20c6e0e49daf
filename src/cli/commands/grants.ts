import { defineCommand } from "../command.ts";

export const grantsList = defineCommand({
  name: "grants list",
  summary: "list what you allowed for always",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const { grants } = await host.withGateway((client) => client.grants(signal), signal);
    if (options["json"]) terminal.json({ grants });
    else if (grants.length === 0) terminal.say("Nothing was allowed for always.");
    else for (const grant of grants) terminal.print(grant);
    return 0;
  },
});

export const grantsRemove = defineCommand({
  name: "grants rm",
  summary: "be asked again about something you allowed",
  arguments: [["<grant>", "such as web:example.org"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const grant = args[0] ?? "";
    await host.withGateway((client) => client.forget(grant, signal), signal);
    if (options["json"]) terminal.json({ removed: grant });
    else terminal.print(`${grant} is asked about again.`);
    return 0;
  },
});
