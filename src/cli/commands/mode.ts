import { Fault } from "../../base/fault.ts";
import type { LinkSet } from "../../protocol/reach.ts";
import type { Mode } from "../../protocol/event.ts";
import type { Call } from "../command.ts";
import { defineCommand } from "../command.ts";
import { describeMode } from "../describe.ts";
import { describeModeReport } from "../describe-reach.ts";
import { parseDuration } from "../duration.ts";

const MODES: readonly Mode[] = ["device", "private", "internet"];

export const modeShow = defineCommand({
  name: "mode show",
  summary: "show what the network may be used for, for how long, and what can be reached",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const report = await host.withGateway((client) => client.mode(signal), signal);
    if (options["json"]) terminal.json(report);
    else for (const line of describeModeReport(report)) terminal.print(line);
    return 0;
  },
});

export const modeSet = defineCommand({
  name: "mode set",
  summary: "set what the network may be used for: device, private or internet",
  arguments: [["<mode>", MODES.join(", ")]],
  options: [
    ["--for <time>", "so long, such as 30m, 2h or 1d; then what was set for good holds again"],
    ["--until <event>", "until the gateway starts anew: --until restart"],
    ["--permanent", "for good, as without any of these"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const mode = MODES.find((mode) => mode === args[0]);
    if (!mode) throw usage(`"${args[0]}" is no mode; there are ${MODES.join(", ")}`);
    const term = readTerm(options);
    // Without a gateway it would be over with this command.
    if (term.until && !(await host.running())) {
      throw new Fault("GATEWAY_NOT_RUNNING", { home: host.home });
    }
    const report = await host.withGateway(async (client) => {
      await client.setMode({ mode, ...term }, signal);
      return client.mode(signal);
    }, signal);
    if (options["json"]) terminal.json(report);
    else {
      terminal.print(describeMode(report.mode));
      for (const line of describeModeReport(report).slice(1)) terminal.say(line);
    }
    return 0;
  },
});

const LINKS: readonly LinkSet["link"][] = ["auto", "up", "down"];

export const modeLink = defineCommand({
  name: "mode link",
  summary:
    "say whether there is a way to the internet, where what is seen is wrong: up, down or auto",
  arguments: [["<link>", LINKS.join(", ")]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const link = LINKS.find((link) => link === args[0]);
    if (!link) {
      const detail = `"${args[0]}" says nothing of the link; there are ${LINKS.join(", ")}`;
      throw new Fault("USAGE", { detail, command: "isopod mode link" });
    }
    const report = await host.withGateway(async (client) => {
      await client.setLink({ link }, signal);
      return client.mode(signal);
    }, signal);
    if (options["json"]) terminal.json(report);
    else for (const line of describeModeReport(report)) terminal.print(line);
    return 0;
  },
});

function readTerm(options: Call["options"]): { forSeconds?: number; until?: "restart" } {
  const { for: time, until, permanent } = options;
  const given = [time, until, permanent].filter((value) => value !== undefined && value !== false);
  if (given.length > 1) throw usage("only one of --for, --until and --permanent can be given");
  if (typeof time === "string") return { forSeconds: readSeconds(time) };
  if (until === undefined) return {};
  if (until !== "restart") throw usage(`--until takes "restart", not "${String(until)}"`);
  return { until };
}

function readSeconds(time: string): number {
  const seconds = parseDuration(time);
  if (seconds !== undefined) return seconds;
  throw usage(`--for takes a time from 1m to 30d, such as 30m, 2h or 1d, not "${time}"`);
}

const usage = (detail: string) => new Fault("USAGE", { detail, command: "isopod mode set" });
