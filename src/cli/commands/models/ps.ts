import type { LoadedModel } from "../../../protocol/model-keeping.ts";
import { describeShare, describeSize, describeTime } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";

export const modelsPs = defineCommand({
  name: "models ps",
  summary: "show what is loaded: memory, share of the graphics card, and until when",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const loaded = await host.withGateway((client) => client.loadedModels(signal), signal);
    if (options["json"]) {
      terminal.json(loaded);
      return 0;
    }
    if (loaded.models.length === 0) terminal.say("Nothing is loaded, as far as servers tell.");
    else {
      terminal.table([
        ["MODEL", "WHERE", "CONTEXT", "MEMORY", "ON GPU", "BUSY", "UNTIL"],
        ...loaded.models.map(toRow),
      ]);
    }
    const warnings = loaded.models.flatMap(({ warning }) => warning ?? []);
    for (const fault of [...warnings, ...loaded.faults])
      terminal.say(`${fault.code}  ${fault.message}\n  fix   ${fault.fix}`);
    if (loaded.silent.length > 0)
      terminal.say(`Not told by: ${loaded.silent.join(", ")} (they have no way to say it).`);
    return 0;
  },
});

const toRow = (model: LoadedModel): string[] => [
  model.ref,
  model.locality,
  model.contextTokens === undefined ? "?" : `${model.contextTokens}`,
  model.sizeBytes === undefined ? "?" : describeSize(model.sizeBytes),
  model.gpuShare === undefined ? "?" : describeShare(model.gpuShare),
  model.slots ? `${model.slots.busy} of ${model.slots.total}` : "",
  model.state === "loaded" ? describeUntil(model.until) : model.state,
];

function describeUntil(until: number | null | undefined): string {
  if (until === undefined) return "?";
  return until === null ? "for good" : describeTime(until);
}
