import { explain } from "../../config/explain.ts";
import { defineCommand } from "../command.ts";

export const configCheck = defineCommand({
  name: "config check",
  summary: "say what a config file would do, without running it",
  arguments: [["[file]", "the config in force without it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal }) {
    const { config, file } = await host.config(args[0]);
    const { report } = config;
    if (options["json"]) {
      terminal.json(report);
    } else {
      for (const { path, message } of report.notes) terminal.print(`note   ${path}: ${message}`);
      for (const fault of report.faults) {
        terminal.print(`${terminal.red(fault.code)}  ${fault.message}\n  fix   ${fault.fix}`);
      }
      terminal.print(report.ok ? `"${file}" is well.` : `"${file}" cannot be used.`);
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
    if (!config.report.ok) return 2;
    return values.length > 0 ? 0 : 1;
  },
});
