import { Fault } from "../../../base/fault.ts";
import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";
import { parseTrust, withProgress } from "./words.ts";

const NAME = "offline verify";

export const offlineVerify = defineCommand({
  name: NAME,
  summary: "read each byte of a bundle and check who signed it; nothing in it is run",
  arguments: [["<bundle>", "the folder or file that `isopod offline bundle` wrote"]],
  options: [
    ["--trust <key>", "a key that you have compared, or a file with one; repeatable", "repeatable"],
    ["--json", "print JSON"],
  ],
  toJson: (fault) => ({ ok: false, error: fault }),

  async run({ host, args, options, terminal, within }) {
    const [path = ""] = args;
    const trust = parseTrust(options["trust"], NAME);
    const offline = await host.offline();
    const verified = await withProgress({ terminal, within }, (watch) =>
      offline.verify(path, trust, watch),
    );
    if (!verified) return 130;
    const { id, createdAt, platform, signer, totals, artefacts } = verified;
    const { key, trusted } = signer;
    if (options["json"]) {
      const more = { id, createdAt, platform, signer, totals, artefacts };
      terminal.json({ ok: trusted, intact: true, ...more });
      return trusted ? 0 : 1;
    }
    terminal.table(artefacts.map(({ kind, title }) => [kind, title]));
    terminal.print(
      `${id} is whole: ${describeSize(totals.objectBytes)}, made ${createdAt} on ${platform}`,
    );
    if (!trusted) throw new Fault("BUNDLE_SIGNER_UNKNOWN", { key, path });
    terminal.print(`Signed with ${key}, which is trusted here.`);
    return 0;
  },
});
