import type { SessionMessage } from "../../../protocol/event.ts";
import { describeTime } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { findSession } from "../../find-session.ts";
import { plain, printable, shorten } from "../../print-turn.ts";
import { marksOf } from "./list.ts";

export const sessionsShow = defineCommand({
  name: "sessions show",
  summary: "print what was said in a session",
  arguments: [["<session>", "its id, or its title"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const wanted = { name: args[0] ?? "", command: "isopod sessions show" };
    const { session, messages } = await host.withGateway(async (client) => {
      const { id } = await findSession(client, wanted, signal);
      return client.session(id, signal);
    }, signal);
    if (options["json"]) {
      terminal.json({ session, messages });
      return 0;
    }
    const about = [session.id, plain(session.title), session.model ?? "", marksOf(session)];
    terminal.say(terminal.dim(about.filter(Boolean).join("  ")));
    for (const message of messages) {
      const [who, text] = toLines(message);
      terminal.print(`\n${terminal.bold(who)}  ${terminal.dim(describeTime(message.at))}`);
      if (text) terminal.print(text);
    }
    return 0;
  },
});

/** Steps in a line each, as `chat` shows them; `--json` has all of it. */
function toLines(message: SessionMessage): [who: string, text: string] {
  switch (message.role) {
    case "user": {
      const images = (message.images ?? []).map(({ name }) => `[image ${plain(name)}]`);
      return ["you", [printable(message.text), ...images].filter(Boolean).join("\n")];
    }
    case "assistant": {
      const calls = message.toolCalls.map(
        ({ tool, input }) => `· ${plain(tool)} ${shorten(JSON.stringify(input))}`,
      );
      return ["isopod", [printable(message.text), ...calls].filter(Boolean).join("\n")];
    }
    case "tool":
      return [`${plain(message.tool)}${message.ok ? "" : " (failed)"}`, shorten(message.text)];
    case "notice":
      return [message.code, `${message.text}${message.fix ? `\n  fix   ${message.fix}` : ""}`];
  }
}
