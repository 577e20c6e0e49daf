import { describeSeconds } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { watchKeeping } from "../../watch-keeping.ts";

export const modelsPull = defineCommand({
  name: "models pull",
  summary:
    "have a model server download a model; a second call goes on where the first one stopped",
  arguments: [["<name>", "as its library names it, such as qwen3:8b"]],
  options: [
    ["--server <id>", "the server that downloads, where several can"],
    ["--insecure", "also from a registry without TLS"],
    ["--json", "print what happens, one JSON value a line"],
  ],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run({ host, args, options, terminal, within, signal }) {
    const { server } = options;
    const asked = {
      name: args[0] ?? "",
      ...(typeof server === "string" && { server }),
      insecure: Boolean(options["insecure"]),
    };
    const asJson = Boolean(options["json"]);
    let goesOn = false;
    const done = await within((stop) =>
      host.withGateway(
        (client) =>
          watchKeeping(client.pullModel(asked, stop), terminal, asJson, (event) => {
            goesOn = event.goesOn === true;
          }),
        signal,
      ),
    );
    if (!done) {
      terminal.say(goesOn ? GOES_ON : STOPPED);
      return 130;
    }
    if (!asJson)
      terminal.print(
        `${done.ref} is there (${describeSeconds(done.seconds)}). Use it: isopod models use ${done.ref}`,
      );
    return 0;
  },
});

const STOPPED = "Stopped. What was fetched stays, and the same command goes on from there.";
const GOES_ON =
  "Not watched any more. Its server goes on with the download: stop it there, or watch again with the same command.";
