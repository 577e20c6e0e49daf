import type { FaultReport } from "../../base/fault.ts";
import { explain } from "../../config/explain.ts";
import { readValue } from "../../config/read.ts";
import type { ConfigInForce } from "../../protocol/api.ts";
import { defineCommand, type Host } from "../command.ts";

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

  async run({ host, args, options, terminal, signal }) {
    const { values, notes, faults, pending } = await inForce(host, args[0] ?? "", signal);
    if (options["json"]) {
      terminal.json({ values, notes, faults, ...(pending && { pending }) });
    } else {
      terminal.table(
        values.map(({ path, value, origin }) => [path, JSON.stringify(value), origin]),
      );
      for (const { path, message } of notes) terminal.say(`note   ${path}: ${message}`);
      for (const { code, message, fix } of pending ? [...faults, pending] : faults)
        terminal.say(`${code}  ${message}\n  fix   ${fix}`);
    }
    if (values.length === 0)
      terminal.say(`There is no setting "${args[0]}"; see them all with \`isopod config explain\``);
    if (faults.length > 0) return 2;
    return values.length > 0 ? 0 : 1;
  },
});

/** What the running gateway goes by; where none runs, what one would start with. */
async function inForce(host: Host, path: string, signal: AbortSignal): Promise<InForce> {
  if (await host.running()) {
    const client = await host.connect(signal);
    return { ...(await client.config(path, signal)), faults: [] };
  }
  const { config, file } = await host.config();
  const { notes, faults } = config.report;
  return { file, values: explain(config, path), notes, faults };
}

type InForce = ConfigInForce & { faults: FaultReport[] };

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
    else if (await host.running())
      terminal.print(`Set ${path} in "${file}". Apply it: isopod gateway restart`);
    else terminal.print(`Set ${path} in "${file}"; it holds from the next start of the gateway.`);
    return 0;
  },
});
