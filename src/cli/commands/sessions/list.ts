import type { SessionSummary } from "../../../protocol/event.ts";
import { describeTime } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { plain } from "../../print-turn.ts";

export const sessionsList = defineCommand({
  name: "sessions list",
  aliases: ["ls"],
  summary: "list your sessions, the newest first",
  options: [["--json", "print a JSON array"]],

  async run({ host, options, terminal, signal }) {
    const { sessions } = await host.withGateway((client) => client.sessions(signal), signal);
    if (options["json"]) terminal.json(sessions);
    else if (sessions.length === 0)
      terminal.say("There is no session yet: isopod chat begins one.");
    else terminal.table([["ID", "CHANGED", "TITLE", "MODEL", ""], ...sessions.map(toRow)]);
    return 0;
  },
});

const toRow = (session: SessionSummary): string[] => [
  session.id,
  describeTime(session.updatedAt),
  plain(session.title),
  session.model ?? "",
  marksOf(session),
];

export const marksOf = ({ private: isPrivate, busy }: SessionSummary): string =>
  [isPrivate ? "private" : "", busy ? "a turn runs" : ""].filter(Boolean).join(", ");
