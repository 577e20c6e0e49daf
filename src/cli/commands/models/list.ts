import type { ModelList } from "../../../protocol/api.ts";
import { describeSize } from "../../amounts.ts";
import { describeShortly } from "../../describe-scorecard.ts";
import { defineCommand } from "../../command.ts";

type Entry = ModelList["models"][number];

export const modelsList = defineCommand({
  name: "models list",
  aliases: ["ls"],
  summary: "list the models that can be reached, and which one answers",
  options: [["--json", "print a JSON array"]],

  async run({ host, options, terminal, signal }) {
    const list = await host.withGateway((client) => client.models(signal), signal);
    if (options["json"]) {
      terminal.json(
        list.models.map((model) => ({ ...model, current: model.ref === list.current })),
      );
    } else {
      terminal.table([
        ["", "MODEL", "WHERE", "SIZE", "CONTEXT", "CAN", "LOADED", "SCORECARD", ""],
        ...list.models.map((model) => toRow(model, list.current)),
      ]);
      terminal.say(`\n${list.why}`);
    }
    for (const fault of list.faults)
      terminal.say(`${fault.code}  ${fault.message}\n  fix   ${fault.fix}`);
    return list.models.some((model) => model.usable) ? 0 : 1;
  },
});

const toRow = (model: Entry, current: string | null): string[] => [
  model.ref === current ? "*" : "",
  model.ref,
  model.locality,
  model.sizeBytes ? describeSize(model.sizeBytes) : "",
  `${model.contextTokens}`,
  describeAbilities(model),
  model.loaded === undefined ? "?" : model.loaded ? "yes" : "",
  model.scorecard ? describeShortly(model.scorecard) : "not probed",
  model.usable ? (model.demonstration ? "demonstration" : "") : (model.reason ?? "not usable"),
];

/** "tools?" where its server does not say. */
function describeAbilities({ tools, vision, reasoning }: Entry): string {
  const abilities = [
    tools === undefined ? "tools?" : tools ? "tools" : "",
    vision ? "vision" : "",
    reasoning ? "reasoning" : "",
  ];
  return abilities.filter(Boolean).join(" ") || "chat only";
}
