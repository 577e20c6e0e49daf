import { Fault } from "../../../base/fault.ts";
import type { RelayScope, SharedDevice, SharePairing } from "../../../protocol/share.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

/** As `protocol/share.ts` has them, whose schemas this command does not need. */
const SCOPES: readonly RelayScope[] = ["infer", "read", "write", "delete"];

export const sharePair = defineCommand({
  name: "share pair",
  summary: "make a one-time code that pairs one device with what is shared here",
  options: [
    [
      "--scope <scope>",
      "what it may do: infer (without any), read (copy models), write, delete",
      "repeatable",
    ],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const scopes = readScopes(options["scope"]);
    const client = await host.connect(signal);
    const pairing = await client.shareCode(scopes, signal);
    if (options["json"]) terminal.json(pairing);
    else await printPairing(pairing, terminal);
    return 0;
  },
});

export const shareList = defineCommand({
  name: "share list",
  summary: "list the devices that were paired, and what each may do",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const { devices } = await host.withGateway((client) => client.share(signal), signal);
    if (options["json"]) terminal.json({ devices });
    else if (devices.length === 0) terminal.print("No device is paired.");
    for (const device of options["json"] ? [] : devices) terminal.print(describe(device));
    return 0;
  },
});

export const shareRevoke = defineCommand({
  name: "share revoke",
  summary: "take a device's access away at once: what it runs is cut",
  arguments: [["<device>", "its id, or its name where one device alone has it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const revoked = await host.withGateway(
      (client) => client.revokeShared(args[0] ?? "", signal),
      signal,
    );
    if (options["json"]) terminal.json(revoked);
    else terminal.print(`"${revoked.name}" has no access any more.`);
    return 0;
  },
});

/** "infer" belongs to every set that a person names: a device that may copy a model wants to ask it, too. */
function readScopes(given: unknown): RelayScope[] {
  if (given === undefined) return [];
  const words = [given].flat().flatMap((word) => String(word).split(","));
  return [
    ...new Set(
      words.map((word) => {
        const scope = SCOPES.find((scope) => scope === word.trim());
        if (scope) return scope;
        const detail = `"${word}" is no scope; there are ${SCOPES.join(", ")}`;
        throw new Fault("USAGE", { detail, command: "isopod share pair" });
      }),
    ),
  ];
}

async function printPairing(
  { link, code, fingerprint, url, scopes }: SharePairing,
  terminal: Terminal,
): Promise<void> {
  const { renderUnicodeCompact } = await import("uqr"); // no other command draws
  if (terminal.interactive) terminal.print(`${renderUnicodeCompact(link)}\n`);
  terminal.print(`On the other device, within 10 minutes (${scopes.join(", ")}):

  isopod models add "${link}"

or by hand:

  address      ${url}
  code         ${code}
  fingerprint  ${fingerprint}`);
}

function describe({ id, name, scopes, lastUsedAt, running }: SharedDevice): string {
  const seen =
    lastUsedAt === undefined ? "never seen" : `seen ${new Date(lastUsedAt).toISOString()}`;
  const busy = running > 0 ? `, ${running} running` : "";
  return `  ${id}  ${plain(name)}  ${scopes.join(",")}  ${seen}${busy}`;
}

/** The other device chose it: nothing of it may move the cursor. */
const plain = (text: string) => text.replaceAll(/\p{Cc}/gu, "\uFFFD");
