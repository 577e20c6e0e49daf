/** Argument words in, exit code out: parses with commander, runs the command, prints a fault as it should be. */

import { Command as Parser, CommanderError } from "commander";

import { Fault, type FaultReport, ReportedFault, toFault } from "../base/fault.ts";
import type { Call, Command, Host } from "./command.ts";
import { type Interrupts, isInterruption } from "./interrupts.ts";
import type { Terminal } from "./terminal.ts";

export type Run = {
  words: readonly string[];
  commands: readonly Command[];
  host: Host;
  terminal: Terminal;
  interrupts: Pick<Interrupts, "signal" | "within">;
  /** Where a bug's stack goes; a person sees only its id. */
  report: (id: string, error: unknown) => void;
};

export async function run({
  words,
  commands,
  host,
  terminal,
  interrupts,
  report,
}: Run): Promise<number> {
  const { signal, within } = interrupts;
  let code = 0;
  let begun: Command | undefined;
  const program = createProgram(terminal, host.version);
  for (const command of commands) {
    addCommand(program, command, async (args, options) => {
      begun = command;
      code = await command.run({ args, options, host, terminal, within, signal });
    });
  }
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // help or version, printed
    if (isInterruption(error, signal)) return 130;
    const fault = toFault(toUsage(toWords(error, begun), words, commands), report);
    if (words.includes("--json")) terminal.json(toJson(fault.toJSON(), begun));
    else printFault(fault, terminal);
    return fault.exit;
  }
}

const toJson = (fault: FaultReport, command: Command | undefined): unknown =>
  command?.toJson?.(fault) ?? { error: fault };

/** What the gateway cannot read of a request came from the words of the command. */
function toWords(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof ReportedFault) || error.code !== "REQUEST_INVALID" || !command)
    return error;
  const { code, message } = error;
  return new ReportedFault({ code, message, fix: `See \`isopod ${command.name} --help\`` });
}

/** What commander refuses, as a fault whose fix names the help of the very command. */
function toUsage(error: unknown, words: readonly string[], commands: readonly Command[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  const line = words.join(" ");
  const known = commands.findLast(({ name }) => line === name || line.startsWith(`${name} `)); // "egress log verify", too
  const command = ["isopod", known?.name ?? groupOf(words, commands)].filter(Boolean).join(" ");
  const detail =
    error.code === "commander.help"
      ? `"${command}" needs one more word`
      : error.message.replace(/^error: /, "").replace(/\n\((.*)\)$/, " — $1");
  return new Fault("USAGE", { detail, command });
}

/** As many of the first words as commands begin with: "models" of `models lsit`. */
function groupOf(words: readonly string[], commands: readonly Command[]): string {
  const group: string[] = [];
  for (const word of words) {
    const longer = [...group, word].join(" ");
    if (!commands.some(({ name }) => name.startsWith(`${longer} `))) break;
    group.push(word);
  }
  return group.join(" ");
}

/**
 * MODEL_UNREACHABLE  Cannot reach "ollama" at http://127.0.0.1:11434
 *   fix   Start it with `ollama serve`, …
 */
function printFault(fault: Fault | ReportedFault, terminal: Terminal): void {
  terminal.say(`${terminal.red(fault.code)}  ${fault.message}`);
  if (fault.fix) terminal.say(`  fix   ${fault.fix}`);
  terminal.say(terminal.dim(`  more  docs/errors.md#${fault.code.toLowerCase()}`));
}

function createProgram(terminal: Terminal, version: string): Parser {
  return new Parser("isopod")
    .description("A private AI assistant that runs on your own models with the network off")
    .version(version, "-V, --version", "print the version")
    .helpCommand(false)
    .helpOption("-h, --help", "print this help")
    .showSuggestionAfterError()
    .enablePositionalOptions() // `egress log verify --json` is not an option of `egress log`
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.say(text.trimEnd()),
      outputError: () => {}, // told as a fault, like everything else
    });
}

type Action = (args: string[], options: Call["options"]) => Promise<void>;

/** "models use" becomes the command `use` below a group `models`. */
function addCommand(program: Parser, command: Command, action: Action): void {
  const words = command.name.split(" ");
  const last = words.pop() ?? "";
  const group = words.reduce(
    (parent, word, at) => findOrAddGroup(parent, word, words.slice(0, at + 1).join(" ")),
    program,
  );
  const parser = group.command(last).summary(command.summary).description(command.summary);
  for (const alias of command.aliases ?? []) parser.alias(alias);
  for (const [spelling, meaning] of command.arguments ?? []) parser.argument(spelling, meaning);
  for (const [spelling, meaning, times] of command.options ?? []) {
    if (times) parser.option(spelling, meaning, (one, all: string[] = []) => [...all, one]);
    else parser.option(spelling, meaning);
  }
  parser.helpOption("-h, --help", "print this help").copyInheritedSettings(program);
  parser.action(async () => action(parser.args, parser.opts()));
}

const GROUPS: Record<string, string> = {
  gateway: "run, start, stop and look at the gateway",
  models: "see, pick, load, download and measure models",
  "models service": "the model servers that the gateway starts itself",
  context: "what a model server read twice, and whether it holds the context asked of it",
  config: "check, explain and change the config",
  offline: "what works without the internet, and carrying everything to a machine that has none",
  egress: "see, check and prove what left this machine, and what may",
  mode: "show and set what the network may be used for",
};

function findOrAddGroup(parent: Parser, name: string, path: string): Parser {
  const found = parent.commands.find((command) => command.name() === name);
  if (found) return found;
  const meaning = GROUPS[path] ?? path;
  const group = parent.command(name).summary(meaning).description(meaning);
  return group.copyInheritedSettings(parent).helpCommand(false);
}
