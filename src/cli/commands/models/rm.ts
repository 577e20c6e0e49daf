import { Fault } from "../../../base/fault.ts";
import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";

export const modelsRemove = defineCommand({
  name: "models rm",
  summary: "delete a model from its server's disk; asks first",
  arguments: [["<model>", "such as ollama/qwen3:8b"]],
  options: [
    ["--yes", "do not ask"],
    ["--force", "also where the mode does not let it be downloaded again"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const force = Boolean(options["force"]);
    return host.withGateway(async (client) => {
      const { ref, sizeBytes, loaded } = await client.showModel(args[0] ?? "", signal);
      if (!options["yes"]) {
        if (!terminal.interactive) throw new Fault("MODEL_REMOVE_UNASKED", { ref });
        const size = sizeBytes === undefined ? "" : ` (${describeSize(sizeBytes)})`;
        const use = loaded ? " It is loaded." : "";
        const question = `Delete ${ref}${size}? This cannot be undone.${use} [y/N] `;
        const answer = await terminal.ask(question, signal);
        if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
          terminal.say("Nothing was deleted.");
          return 1;
        }
      }
      const removed = await client.removeModel(ref, force, signal);
      if (options["json"]) terminal.json(removed);
      else terminal.print(`${removed.ref} is deleted.`);
      return 0;
    }, signal);
  },
});
