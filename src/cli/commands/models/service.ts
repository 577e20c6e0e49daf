import { Fault } from "../../../base/fault.ts";
import type { ServiceReport } from "../../../protocol/local-service.ts";
import type { Client } from "../../client.ts";
import { type Call, defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const modelsServiceStatus = defineCommand({
  name: "models service status",
  summary: "show the model servers that the gateway starts itself, and how they are",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const { services } = await host.withGateway((client) => client.services(signal), signal);
    if (options["json"]) {
      terminal.json(services);
    } else if (services.length === 0) {
      terminal.say("None: no models.providers.ID.localService in the config.");
    } else {
      terminal.table([
        ["SERVER", "STATE", "APPROVED", "NETWORK", "LOG"],
        ...services.map(({ id, state, pid, approved, network, log }) => [
          id,
          pid === undefined ? state : `${state} (${pid})`,
          approved ? "yes" : "no",
          network,
          log,
        ]),
      ]);
    }
    return services.every(({ state }) => state !== "failed") ? 0 : 1;
  },
});

export const modelsServiceApprove = defineCommand({
  name: "models service approve",
  summary: "look at the command line of a model server, and let the gateway start it from now on",
  arguments: [["<provider>", "the id under models.providers"]],
  options: [
    ["--yes", "approve without being asked"],
    ["--json", "print JSON"],
  ],

  async run(call) {
    const { host, args, options, terminal, signal } = call;
    return host.withGateway(async (client) => {
      const found = await find(client, args[0] ?? "", signal);
      if (!options["json"]) show(terminal, found);
      if (!found.approved && !(await isMeant(call))) return 1;
      const service = await client.approveService(found.id, found.hash, signal);
      if (options["json"]) terminal.json(service);
      else terminal.print(`The gateway starts "${service.id}" when it is needed.`);
      return 0;
    }, signal);
  },
});

export const modelsServiceStop = defineCommand({
  name: "models service stop",
  summary: "stop a model server that the gateway has started, until it is needed again",
  arguments: [["<provider>", "the id under models.providers"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const service = await host.withGateway(
      (client) => client.stopService(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(service);
    else terminal.print(`"${service.id}" is ${service.state}.`);
    return 0;
  },
});

async function find(client: Client, id: string, signal: AbortSignal): Promise<ServiceReport> {
  const { services } = await client.services(signal);
  const found = services.find((service) => service.id === id);
  const instead = "See what the config names with `isopod models service status`";
  if (!found) throw new Fault("NOT_FOUND", { what: "local service", id, instead });
  return found;
}

function show(terminal: Terminal, { command, args, env, cwd, network }: ServiceReport): void {
  const words = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  terminal.print([...words, command, ...args.map(quoted)].join(" "));
  if (cwd !== undefined) terminal.say(`in ${cwd}`);
  terminal.say(
    network === "none"
      ? "It gets no network."
      : "It can use the network of this machine: approve only what you know.",
  );
}

/** A shell's quotes, where a word needs them; nothing of it may move the cursor. */
function quoted(word: string): string {
  const plain = word.replaceAll(/\p{Cc}/gu, "\uFFFD");
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`;
}

async function isMeant({ options, terminal, signal }: Call): Promise<boolean> {
  if (options["yes"]) return true;
  const reply = await terminal.ask("Let the gateway start this? [y/N] ", signal);
  return /^\s*y(es)?\s*$/i.test(reply ?? "");
}
