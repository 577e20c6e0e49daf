import { describeSize } from "../../amounts.ts";
import { Fault } from "../../../base/fault.ts";
import type { Bundled } from "../../../offline/offline.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { parseOnly, parsePassphrase, parseSplit, withProgress } from "./words.ts";

const NAME = "offline bundle";

export const offlineBundle = defineCommand({
  name: NAME,
  summary:
    "write all that the config needs to a folder or file; the same call goes on where it was stopped",
  options: [
    ["--out <path>", "a new folder, or a file whose name ends in .tar"],
    ["--split <size>", "no file larger than this, such as 3900M for FAT32; for a folder"],
    ["--only <kinds>", "such as models,config; with state also the conversations, in the clear"],
    [
      "--encrypt <file>",
      "take conversations and secrets as well, sealed with the passphrase in this file",
    ],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, within }) {
    const { out } = options;
    if (typeof out !== "string")
      throw new Fault("USAGE", { detail: "it needs --out", command: `isopod ${NAME}` });
    const order = {
      out,
      ...parseSplit(options["split"], NAME),
      ...parseOnly(options["only"], NAME),
      ...parsePassphrase(options["encrypt"], NAME),
    };
    if (order.splitBytes !== undefined && out.endsWith(".tar")) {
      const detail = "one file is not split; give a folder to --out";
      throw new Fault("USAGE", { detail, command: `isopod ${NAME}` });
    }
    const offline = await host.offline();
    const bundled = await withProgress({ terminal, within }, (watch) =>
      offline.bundle(order, watch),
    );
    if (!bundled) {
      terminal.say(out.endsWith(".tar") ? STOPPED_FILE : STOPPED);
      return 130;
    }
    if (options["json"]) terminal.json(toJson(bundled));
    else print(bundled, terminal);
    return 0;
  },
});

const STOPPED = "Stopped. What was written stays, and the same command goes on from there.";
const STOPPED_FILE = "Stopped. A single file is begun anew by the next call.";

const toJson = ({ path, manifest, struck, elsewhere, leftState }: Bundled) => ({
  path,
  id: manifest.id,
  key: manifest.signer,
  platform: manifest.platform,
  totals: manifest.totals,
  artefacts: manifest.artefacts.map(({ id, kind, title, files }) => ({
    id,
    kind,
    title,
    files: files.length,
    sizeBytes: files.reduce((all, { sizeBytes }) => all + sizeBytes, 0),
  })),
  struck,
  elsewhere: elsewhere.map(({ ref, why }) => ({ ref, why })),
  leftState,
});

function print(bundled: Bundled, terminal: Terminal): void {
  const { path, manifest, struck, elsewhere, leftState } = bundled;
  terminal.table(
    manifest.artefacts.map(({ kind, title, files }) => [
      kind,
      title,
      describeSize(files.reduce((all, { sizeBytes }) => all + sizeBytes, 0)),
    ]),
  );
  terminal.print(`Wrote "${path}": ${describeSize(manifest.totals.objectBytes)}`);
  terminal.print(`Its key, to be compared before it is trusted: ${manifest.signer}`);
  for (const where of struck) terminal.say(`note   ${where}: a secret, left out`);
  for (const { ref, why } of elsewhere) terminal.say(`note   ${ref}: ${why}`);
  if (leftState)
    terminal.say("note   Conversations are not in it; take them along with --encrypt FILE");
}
