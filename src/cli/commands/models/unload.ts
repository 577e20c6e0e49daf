import { defineCommand } from "../../command.ts";

export const modelsUnload = defineCommand({
  name: "models unload",
  summary: "free a model's memory; nothing is deleted",
  arguments: [["<model>", "such as ollama/qwen3:8b"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const unloaded = await host.withGateway(
      (client) => client.unloadModel(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(unloaded);
    else
      terminal.print(
        `${unloaded.ref} is no longer in memory; the next message to it loads it again.`,
      );
    return 0;
  },
});
