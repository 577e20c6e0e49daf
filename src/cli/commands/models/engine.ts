/** The add-on that runs GGUF files: installed, looked at and removed. */

import { resolve } from "node:path";

import { Fault } from "../../../base/fault.ts";
import type { EngineWanted } from "../../../protocol/model-engine.ts";
import { describeSeconds, describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { watchKeeping } from "../../watch-keeping.ts";

export const modelsEngineInstall = defineCommand({
  name: "models engine install",
  summary: "install the add-on that runs GGUF files: 85 MB, and more for a graphics card",
  options: [
    ["--gpu <kind>", "auto, cuda (590 MB), vulkan (130 MB) or none; auto without it"],
    ["--from <folder>", "what --save filled on another machine: nothing is downloaded"],
    ["--save <folder>", "keep the packages there as well, to carry them to another machine"],
    ["--json", "print what happens, one JSON value a line"],
  ],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run({ host, options, terminal, within, signal }) {
    const wanted = await readWanted(options);
    const asJson = Boolean(options["json"]);
    const done = await within((stop) =>
      host.withGateway(
        (client) => watchKeeping(client.installEngine(wanted, stop), terminal, asJson),
        signal,
      ),
    );
    if (!done) {
      terminal.say(
        "Stopped. What was downloaded stays with npm, and the same command goes on from there.",
      );
      return 130;
    }
    if (!asJson) {
      terminal.print(`${done.ref} is installed (${describeSeconds(done.seconds)}).`);
      terminal.print(
        "Put GGUF files into the folder `models` of the state folder: `isopod models list`",
      );
    }
    return 0;
  },
});

/** A folder that is named means one of where the person stands; the gateway stands elsewhere. */
async function readWanted(options: Readonly<Record<string, unknown>>): Promise<EngineWanted> {
  const schemas = await import("../../../protocol/model-engine.ts"); // which no other command needs
  const folder = (name: string) => {
    const value = options[name];
    return typeof value === "string" ? { [name]: resolve(value) } : {};
  };
  const { gpu } = options;
  const read = schemas.EngineWanted.safeParse({ gpu, ...folder("from"), ...folder("save") });
  if (read.success) return read.data;
  throw new Fault("REQUEST_INVALID", {
    where: "--gpu",
    detail: "must be auto, cuda, vulkan, metal or none",
  });
}

export const modelsEngineStatus = defineCommand({
  name: "models engine status",
  summary: "say whether the add-on that runs GGUF files is installed, and for what card",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const status = await host.withGateway((client) => client.engine(signal), signal);
    const { installed, folder, wanted } = status;
    if (options["json"]) terminal.json(status);
    else if (!installed) {
      terminal.print(`not installed; \`isopod models engine install\` fetches ${wanted}`);
    } else {
      const card = installed.gpu === "none" ? "the processor" : installed.gpu;
      const size = describeSize(installed.sizeBytes);
      terminal.print(`node-llama-cpp ${installed.version} for ${card}, ${size}, in ${folder}`);
    }
    return installed ? 0 : 1;
  },
});

export const modelsEngineRemove = defineCommand({
  name: "models engine remove",
  summary: "remove the add-on that runs GGUF files; the files stay",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const result = await host.withGateway((client) => client.removeEngine(signal), signal);
    if (options["json"]) terminal.json(result);
    else
      terminal.print(result.removed ? "The engine is removed." : "There was no engine to remove.");
    return 0;
  },
});
