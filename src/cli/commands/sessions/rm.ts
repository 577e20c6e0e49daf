import type { Client } from "../../client.ts";
import { Fault } from "../../../base/fault.ts";
import { defineCommand } from "../../command.ts";
import { findSession } from "../../find-session.ts";
import { plain } from "../../print-turn.ts";

export const sessionsRemove = defineCommand({
  name: "sessions rm",
  aliases: ["delete"],
  summary: "delete a session with all that was said in it; asks first",
  arguments: [["<session>", "its id, or its title"]],
  options: [
    ["--yes", "do not ask"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const wanted = { name: args[0] ?? "", command: "isopod sessions rm" };
    return host.withGateway(async (client) => {
      const { id, title, busy, private: isPrivate } = await findSession(client, wanted, signal);
      if (!options["yes"]) {
        if (!terminal.interactive) throw new Fault("SESSION_REMOVE_UNASKED", { session: id });
        const named = title ? ` "${plain(title)}"` : "";
        const use = busy ? " A turn of it runs, and would be stopped." : "";
        const question = `Delete ${id}${named}? This cannot be undone.${use} [y/N] `;
        const answer = await terminal.ask(question, signal);
        if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
          terminal.say("Nothing was deleted.");
          return 1;
        }
      }
      await client.deleteSession(id, signal);
      if (options["json"]) terminal.json({ session: id, deleted: true });
      else terminal.print(`${id} is deleted.`);
      if (isPrivate) terminal.say(await tellFiles(id, client, signal));
      return 0;
    }, signal);
  },
});

/** They are a person's work: nobody asked to delete them. */
async function tellFiles(session: string, client: Client, signal: AbortSignal): Promise<string> {
  const { privateWorkspaces } = await client.status(signal);
  return `Files that it wrote, if any, stay in ${privateWorkspaces}/${session}`;
}
