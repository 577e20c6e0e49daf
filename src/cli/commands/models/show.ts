import type { ModelDetails } from "../../../protocol/model-keeping.ts";
import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { describeAge, describeScorecard } from "../../describe-scorecard.ts";

export const modelsShow = defineCommand({
  name: "models show",
  summary: "show what is known of one model",
  arguments: [["<model>", "such as ollama/qwen3:8b"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const details = await host.withGateway(
      (client) => client.showModel(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(details);
    else terminal.table(toRows(details));
    const { fault } = details;
    if (fault && !options["json"])
      terminal.say(`${fault.code}  ${fault.message}\n  fix   ${fault.fix}`);
    return 0;
  },
});

function toRows(model: ModelDetails): string[][] {
  const { maxContextTokens, loadedContextTokens, sizeBytes, modifiedAt } = model;
  const rows: [string, string | undefined][] = [
    ["model", model.ref],
    ["where", `${model.locality}: ${model.why}`],
    ["family", model.family],
    ["parameters", model.parameters],
    ["quantisation", model.quantisation],
    ["format", model.format],
    ["size", sizeBytes === undefined ? undefined : describeSize(sizeBytes)],
    ["context", `${model.contextTokens} tokens are used`],
    ["made for", maxContextTokens === undefined ? undefined : `${maxContextTokens} tokens`],
    [
      "loaded",
      loadedContextTokens === undefined ? yes(model.loaded) : `${loadedContextTokens} tokens`,
    ],
    ["tools", yes(model.tools)],
    ["vision", yes(model.vision)],
    ["reasoning", yes(model.reasoning)],
    ["set by config", Object.keys(model.params).length ? JSON.stringify(model.params) : undefined],
    [
      "set by author",
      model.defaults
        ?.trim()
        .replaceAll(/\s*\n\s*/g, "; ")
        .replaceAll(/ +/g, " "),
    ],
    ["license", model.license],
    ["file", model.path],
    ["digest", model.digest],
    ["changed", modifiedAt === undefined ? undefined : new Date(modifiedAt).toLocaleString("sv")],
  ];
  const { scorecard } = model;
  if (scorecard) rows.push(["probe", describeAge(scorecard.measuredAt, Date.now())]);
  if (scorecard) rows.push(...describeScorecard(scorecard));
  else rows.push(["probe", `not measured yet: isopod models probe ${model.ref}`]);
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

const yes = (value: boolean | undefined) =>
  value === undefined ? undefined : value ? "yes" : "no";
