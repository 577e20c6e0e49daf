import { describeSeconds } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { watchKeeping } from "../../watch-keeping.ts";

export const modelsCopy = defineCommand({
  name: "models copy",
  summary: "copy a model from a paired device's Ollama into this one's, without the internet",
  arguments: [
    ["<device>", "the provider that `isopod models add` made"],
    ["<model>", "such as qwen3:8b"],
  ],
  options: [["--json", "print what happens, one JSON value a line"]],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run({ host, args, options, terminal, within, signal }) {
    const [from = "", model = ""] = args;
    const asJson = Boolean(options["json"]);
    const done = await within((stop) =>
      host.withGateway(
        (client) => watchKeeping(client.copyModel({ from, model }, stop), terminal, asJson),
        signal,
      ),
    );
    if (!done) {
      terminal.say("Stopped. What was copied stays, and the same command goes on from there.");
      return 130;
    }
    if (!asJson) {
      const how = "each part's digest was checked";
      terminal.print(
        `${done.ref} is in Ollama's store (${describeSeconds(done.seconds)}; ${how}).`,
      );
    }
    return 0;
  },
});
