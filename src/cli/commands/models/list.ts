import { defineCommand } from "../../command.ts";

export const modelsList = defineCommand({
  name: "models list",
  summary: "list the models that can be reached, and which one answers",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const list = await host.withGateway((client) => client.models(signal), signal);
    if (options["json"]) {
      terminal.json(list);
    } else {
      terminal.table([
        ["", "MODEL", "WHERE", "SIZE", "CONTEXT", "TOOLS", ""],
        ...list.models.map((model) => [
          model.ref === list.current ? "*" : "",
          model.ref,
          model.locality,
          model.sizeBytes ? size(model.sizeBytes) : "",
          model.contextTokens ? `${model.contextTokens}` : "",
          model.tools === undefined ? "?" : model.tools ? "yes" : "no",
          model.usable
            ? model.demonstration
              ? "demonstration"
              : ""
            : (model.reason ?? "not usable"),
        ]),
      ]);
      terminal.say(`\n${list.why}`);
      for (const fault of list.faults)
        terminal.say(`${fault.code}  ${fault.message}\n  fix   ${fault.fix}`);
    }
    return list.models.some((model) => model.usable) ? 0 : 1;
  },
});

const size = (bytes: number) =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
