import { Fault } from "../../../base/fault.ts";
import type { Statement } from "../../../offline/statement/statement.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const egressStatement = defineCommand({
  name: "egress statement",
  summary: "state, signed, everything that left the gateway while a session was there",
  arguments: [["<session>", "its id or its title"]],
  options: [
    [
      "--out <file>",
      "where it goes, with its signature beside it; a folder of the state without it",
    ],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const [wanted] = args;
    const { sessions } = await host.withGateway((client) => client.sessions(signal), signal);
    const session = sessions.find(({ id, title }) => id === wanted || title === wanted);
    if (!session) throw new Fault("NOT_FOUND", { what: `the session "${wanted}"` });
    const out = typeof options["out"] === "string" ? options["out"] : undefined;
    const pid = (await host.running())?.pid;
    const { statement, file, publicKey } = await host.stateEgress({ session, pid, out });
    if (options["json"]) terminal.json({ file, ...statement });
    else print(statement, terminal);
    const key = publicKey.trim().split("\n").at(-1);
    terminal.say(
      `Kept in ${file}, signed: minisign -V -P ${key} -m FILE, or scripts/verify-statement.mjs`,
    );
    return statement.verdict === "failed" ? 1 : 0;
  },
});

function print(statement: Statement, terminal: Terminal): void {
  const { verdict, reasons, source, left, peers, refused, limits } = statement;
  const when = (at: number) => new Date(at).toISOString();
  terminal.print(`${statement.session}, from ${when(statement.from)} to ${when(statement.to)}`);
  const say = {
    accounted: "all that left is accounted for",
    "ledger only": "only the ledger tells",
  };
  terminal.print(verdict === "failed" ? terminal.red("FAILED") : `${verdict}: ${say[verdict]}`);
  for (const reason of reasons) terminal.print(`- ${reason}`);
  terminal.print(`Counted by: ${source.kind}. ${source.why}.`);
  if (left) terminal.print(`Left by an interface: ${left.frames} frames, ${left.sentBytes} bytes.`);
  if (peers.length === 0) terminal.print("Nobody was spoken with.");
  else {
    terminal.table([
      ["PEER", "WHERE", "FOR", "SENT", "RECEIVED", "WHAT IT SENT ON"],
      ...peers.map((peer) => [
        peer.host,
        peer.place,
        peer.purposes.join(", "),
        `${peer.sentBytes}`,
        `${peer.receivedBytes}`,
        peer.onward,
      ]),
    ]);
  }
  if (refused > 0) terminal.print(`${refused} times the guard refused.`);
  terminal.print("What this does not show:");
  for (const limit of limits) terminal.print(`- ${limit}`);
}
