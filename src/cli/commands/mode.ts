import { Fault } from "../../base/fault.ts";
import type { Mode } from "../../protocol/event.ts";
import { defineCommand } from "../command.ts";
import { describeMode } from "../describe.ts";

const MODES: readonly Mode[] = ["device", "private", "internet"];

export const modeShow = defineCommand({
  name: "mode show",
  summary: "show what the network may be used for",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const { mode } = await host.withGateway((client) => client.status(signal), signal);
    if (options["json"]) terminal.json({ mode });
    else terminal.print(describeMode(mode));
    return 0;
  },
});

export const modeSet = defineCommand({
  name: "mode set",
  summary: "set what the network may be used for: device, private or internet",
  arguments: [["<mode>", MODES.join(", ")]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const mode = MODES.find((mode) => mode === args[0]);
    if (!mode) {
      const detail = `"${args[0]}" is no mode; there are ${MODES.join(", ")}`;
      throw new Fault("USAGE", { detail, command: "isopod mode set" });
    }
    const status = await host.withGateway((client) => client.setMode(mode, signal), signal);
    if (options["json"]) terminal.json({ mode: status.mode });
    else terminal.print(describeMode(status.mode));
    return 0;
  },
});
