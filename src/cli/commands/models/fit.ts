import { resolve } from "node:path";

import type { Estimate, Machine, ModelFit } from "../../../protocol/model-fit.ts";
import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const modelsFit = defineCommand({
  name: "models fit",
  summary: "say what this machine's memory and graphics card can hold, and what to run on it",
  arguments: [["[name]", "a model, a name with its size such as qwen3:32b, or a GGUF file"]],
  options: [
    ["--context <tokens>", "the context that it is to have; 16384 without it"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const [name] = args;
    const { context } = options;
    const asked = {
      // The gateway may stand in another folder.
      ...(name !== undefined && { name: name.endsWith(".gguf") ? resolve(name) : name }),
      ...(typeof context === "string" && { context }),
    };
    const fit = await host.withGateway((client) => client.fitModels(asked, signal), signal);
    if (options["json"]) terminal.json(fit);
    else printFit(fit, terminal);
    const fits = fit.models.some(({ runs }) => runs !== "none");
    return fits ? 0 : 1;
  },
});

function printFit({ machine, models, pick, warnings }: ModelFit, terminal: Terminal): void {
  describeMachine(machine).forEach((line) => terminal.print(line));
  terminal.print("");
  terminal.table([
    ["MODEL", "QUANT", "NEEDS", "WEIGHTS", "CONTEXT", "RUNS", "UP TO", "TOOLS", ""],
    ...models.map(toRow),
  ]);
  if (pick) {
    terminal.print(`\nTake ${pick.name} with ${pick.contextTokens} tokens of context:`);
    terminal.print(`  ${pick.pull}`);
    terminal.print(`  because ${pick.why}`);
  }
  for (const fault of warnings)
    terminal.say(`\n${fault.code}  ${fault.message}\n  fix   ${fault.fix}`);
  terminal.say(
    "\nEstimates, a tenth off either way: `isopod models ps` shows what a loaded one takes.",
  );
}

function describeMachine(machine: Machine): string[] {
  const { ramBytes, limitBytes, gpus, unified, usable } = machine;
  const limit =
    limitBytes === undefined ? "" : `, of which this container may use ${describeSize(limitBytes)}`;
  return [
    `${machine.processor}: ${describeSize(ramBytes)} of memory${unified ? ", shared with graphics" : ""}${limit}`,
    ...gpus.map(
      ({ name, totalBytes, freeBytes }) =>
        `${name}: ${describeSize(totalBytes)}${freeBytes === undefined ? "" : `, ${describeSize(freeBytes)} free now`}`,
    ),
    ...(gpus.length === 0 ? ["no graphics card that a model server could use was found"] : []),
    `for models: ${gpus.length > 0 ? `${describeSize(usable.gpuBytes)} on the card, ` : ""}${describeSize(usable.ramBytes)} in main memory`,
  ];
}

const RUNS: Readonly<Record<Estimate["runs"], string>> = {
  gpu: "on the card",
  split: "partly on the card: slow",
  cpu: "on the processor: slow",
  none: "does not fit",
};

const toRow = (model: Estimate): string[] => [
  model.name,
  model.quantisation ?? "?",
  describeSize(model.totalBytes),
  describeSize(model.weightBytes),
  `${model.contextTokens}`,
  RUNS[model.runs],
  model.mostContextTokens === undefined ? "" : `${model.mostContextTokens}`,
  model.tools ?? "?",
  model.notes ?? "",
];
