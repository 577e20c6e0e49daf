import { explain } from "../../config/explain.ts";
import { readValue } from "../../config/read.ts";
import { defineCommand } from "../command.ts";

export const configCheck = defineCommand({
  name: "config check",
  summary: "say what a config file would do, without running it",
  arguments: [["[file]", "the config in force without it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal }) {
    const { config, file, found } = await host.config(args[0]);
    const { report } = config;
    if (options["json"]) {
      terminal.json(report);
    } else {
      for (const { path, message } of report.notes) terminal.print(`note   ${path}: ${message}`);
      for (const fault of report.faults) {
        terminal.print(`${terminal.red(fault.code)}  ${fault.message}\n  fix   ${fault.fix}`);
      }
      const what = found ? `"${file}"` : `The config (there is no "${file}", all is default)`;
      terminal.print(report.ok ? `${what} is well.` : `${what} cannot be used.`);
    }
    return report.ok ? 0 : 2;
  },
});

export const configExplain = defineCommand({
  name: "config explain",
  summary: "show each value in force and where it came from",
  arguments: [["[path]", "such as models.providers; everything without it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal }) {
    const { config } = await host.config();
    const values = explain(config, args[0]);
    if (options["json"])
      terminal.json({ values, notes: config.report.notes, faults: config.report.faults });
    else {
      terminal.table(
        values.map(({ path, value, origin }) => [path, JSON.stringify(value), origin]),
      );
      for (const { path, message } of config.report.notes)
        terminal.say(`note   ${path}: ${message}`);
      for (const { code, message, fix } of config.report.faults)
        terminal.say(`${code}  ${message}\n  fix   ${fix}`);
    }
    if (values.length === 0)
      terminal.say(`There is no setting "${args[0]}"; see them all with \`isopod config explain\``);
    if (!config.report.ok) return 2;
    return values.length > 0 ? 0 : 1;
  },
});

export const configSet = defineCommand({
  name: "config set",
  summary: "set one value in the config file; comments and order stay",
  arguments: [
    ["<path>", 'such as agents.defaults.instructions; a key with dots as ["qwen2.5:7b"]'],
    ["<value>", "JSON5, or a plain text"],
  ],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal }) {
    const [path = "", text = ""] = args;
    const { file } = await host.editConfig(path, readValue(text));
    if (options["json"]) terminal.json({ file, path });
    else terminal.print(`Set ${path} in "${file}"; it holds from the next start of the gateway.`);
    return 0;
  },
});
