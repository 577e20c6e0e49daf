import { Fault } from "../../../base/fault.ts";
import { readChainFiles, readLastLines } from "../../../network/read-ledger.ts";
import { verifyChain } from "../../../network/verify-chain.ts";
import { defineCommand } from "../../command.ts";
import { toLedgerRow } from "./row.ts";

/** As many as a screen shows. */
const LINES = 40;

export const egressLog = defineCommand({
  name: "egress log",
  summary: "show the newest lines of the ledger: what was opened, asked, started or refused",
  options: [
    ["-n <lines>", `how many; ${LINES} without it`],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal }) {
    const limit = readCount(options["n"]);
    const lines = await readLastLines(host.home, limit);
    if (options["json"]) for (const line of lines) terminal.json(line);
    else if (lines.length === 0) terminal.print("The ledger is empty: nothing was opened so far.");
    else terminal.table([HEAD, ...lines.map(toLedgerRow)]);
    return 0;
  },
});

const HEAD = ["TIME", "WHAT", "FOR", "HOST", "ADDRESS", "SENT", "RECEIVED", "VERDICT"];

function readCount(text: unknown): number {
  if (text === undefined) return LINES;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  const detail = `-n must be a whole number from 1 on, not "${String(text)}"`;
  throw new Fault("USAGE", { detail, command: "isopod egress log" });
}

export const egressLogVerify = defineCommand({
  name: "egress log verify",
  summary: "check the ledger's chain, and name each place where it was touched",
  options: [
    ["--head <end>", "an end that was noted earlier, as it is printed: number:hash"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal }) {
    const anchor = readHead(options["head"]);
    const report = verifyChain(await readChainFiles(host.home), anchor);
    const { ok, lines, first, head, problems, notes, limits } = report;
    if (options["json"]) {
      terminal.json(report);
      return ok ? 0 : 1;
    }
    for (const { what, file, line, text } of problems) {
      terminal.print(`${terminal.red(what.toUpperCase())}  ${file}:${line}  ${text}`);
    }
    if (lines === 0) terminal.print("The ledger has no line in a chain yet.");
    else if (ok) terminal.print(`The chain holds: ${lines} lines, ${first} to ${head.n}.`);
    if (lines > 0) terminal.print(`Its end: ${head.n}:${head.hash}`);
    for (const text of [...notes, ...limits]) terminal.say(`${text}.`);
    return ok ? 0 : 1;
  },
});

function readHead(text: unknown): { n: number; hash: string } | undefined {
  if (text === undefined) return undefined;
  const [, n, hash = ""] = /^(\d+):([0-9a-f]{64})$/.exec(String(text)) ?? [];
  if (n !== undefined) return { n: Number(n), hash };
  const detail = "--head must be a number, a colon and 64 digits, as this command prints them";
  throw new Fault("USAGE", { detail, command: "isopod egress log verify" });
}
