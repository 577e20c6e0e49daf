import { defineCommand } from "../../command.ts";

export const modelsUse = defineCommand({
  name: "models use",
  aliases: ["set"],
  summary: "make a model the one that answers from now on",
  arguments: [["<model>", 'such as ollama/qwen3:8b; "auto" gives the choice back']],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const status = await host.withGateway(
      (client) => client.useModel(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(status);
    else terminal.print(`From now on ${status.model?.ref} answers (${status.model?.locality}).`);
    return 0;
  },
});
