import type { AgentSettings } from "../../../agent/settings.ts";
import { Fault } from "../../../base/fault.ts";
import { type Call, defineCommand } from "../../command.ts";

export const modelsUse = defineCommand({
  name: "models use",
  aliases: ["set"],
  summary: "make a model the one that answers from now on, or give it one kind of work",
  arguments: [["<model>", 'such as ollama/qwen3:8b; "auto" gives the choice back']],
  options: [
    ["--for <work>", '"heartbeat", or an agent of the config: is written into the config file'],
    ["--json", "print JSON"],
  ],

  async run(call) {
    const { host, args, options, terminal, signal } = call;
    if (typeof options["for"] === "string") return useFor(options["for"], call);
    const status = await host.withGateway(
      (client) => client.useModel(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(status);
    else terminal.print(`From now on ${status.model?.ref} answers (${status.model?.locality}).`);
    return 0;
  },
});

/** One key in one place; the model must be there and allowed, so that a slip is told now. */
async function useFor(work: string, { host, args, options, terminal, signal }: Call) {
  const { agentSettings } = await import("../../../agent/settings.ts"); // schemas, which no other command needs
  const place = placeOf(work, (await host.config()).config.get(agentSettings));
  const { ref } = await host.withGateway(
    (client) => client.showModel(args[0] ?? "", signal),
    signal,
  );
  const { file } = await host.editConfig(place.path, ref);
  const read = place.read((await host.config()).config.get(agentSettings));
  if (read !== ref) {
    const detail = `${place.path} was set, and another line of it still gives "${read ?? "nothing"}"`;
    throw new Fault("CONFIG_EDIT", { file, detail });
  }
  if (options["json"]) terminal.json({ ref, for: work, file, path: place.path });
  else {
    const when = (await host.running())
      ? "Apply it: isopod gateway restart"
      : "It holds from the next start of the gateway.";
    terminal.print(`${ref} is for ${work} (${place.path} in "${file}"). ${when}`);
  }
  return 0;
}

type Place = { path: string; read: (settings: AgentSettings) => string | undefined };

/** Throws `NOT_FOUND` for an agent that the config does not have: a slip would make a new one. */
function placeOf(work: string, { entries }: AgentSettings): Place {
  if (work === "heartbeat") {
    return {
      path: "agents.defaults.heartbeat.model.primary",
      read: ({ defaults }) => defaults.heartbeat?.model?.primary,
    };
  }
  if (!Object.hasOwn(entries, work)) {
    const known = ["heartbeat", ...Object.keys(entries)].join(", ");
    const instead = `Use one of: ${known}; agents are those under agents.entries in the config`;
    throw new Fault("NOT_FOUND", { what: "agent", id: work, instead });
  }
  return {
    path: `agents.entries["${work}"].model.primary`,
    read: (settings) => settings.entries[work]?.model?.primary,
  };
}
