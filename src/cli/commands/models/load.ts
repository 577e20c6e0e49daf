import { describeShare, describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { watchKeeping } from "../../watch-keeping.ts";

export const modelsLoad = defineCommand({
  name: "models load",
  summary: "load a model ahead of the first message, with the context that is used",
  arguments: [["<model>", "such as ollama/qwen3:8b"]],
  options: [["--json", "print what happens, one JSON value a line"]],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run({ host, args, options, terminal, signal }) {
    const done = await host.withGateway(
      (client) =>
        watchKeeping(client.loadModel(args[0] ?? "", signal), terminal, Boolean(options["json"])),
      signal,
    );
    if (options["json"]) return 0;
    const { ref, seconds, loaded } = done;
    const facts = [
      loaded?.contextTokens === undefined ? "" : `${loaded.contextTokens} tokens of context`,
      loaded?.sizeBytes === undefined ? "" : describeSize(loaded.sizeBytes),
      loaded?.gpuShare === undefined ? "" : `${describeShare(loaded.gpuShare)} on the GPU`,
    ].filter(Boolean);
    terminal.print(`${ref} is loaded (${seconds} s)${facts.length ? `: ${facts.join(", ")}` : ""}`);
    const warning = loaded?.warning;
    if (warning) terminal.say(`${warning.code}  ${warning.message}\n  fix   ${warning.fix}`);
    return 0;
  },
});
