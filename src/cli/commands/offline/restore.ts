import { defineCommand } from "../../command.ts";
import { parseOnly, parsePassphrase, parseTrust, withProgress } from "./words.ts";

const NAME = "offline restore";

export const offlineRestore = defineCommand({
  name: NAME,
  summary:
    "put what a bundle holds into place: all of it or nothing; a call that was killed is gone on with",
  arguments: [["<bundle>", "the folder or file that `isopod offline bundle` wrote"]],
  options: [
    [
      "--trust <key>",
      "the key of its maker that you have compared, or a file with it",
      "repeatable",
    ],
    ["--only <kinds>", "such as models,config"],
    ["--replace", "move what is there under the same name aside"],
    ["--decrypt <file>", "the file with the passphrase of what is sealed"],
    ["--dry-run", "check everything and say what would be done"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, within }) {
    const [path = ""] = args;
    const wish = {
      path,
      trust: parseTrust(options["trust"], NAME),
      ...parseOnly(options["only"], NAME),
      ...parsePassphrase(options["decrypt"], NAME),
      replace: Boolean(options["replace"]),
      dryRun: Boolean(options["dryRun"]),
    };
    const offline = await host.offline();
    const restored = await withProgress({ terminal, within }, (watch) =>
      offline.restore(wish, watch),
    );
    if (!restored) {
      terminal.say("Stopped. Nothing was put into place that the next call would not go on with.");
      return 130;
    }
    if (options["json"]) {
      terminal.json(restored);
      return 0;
    }
    const { placed, kept, dryRun, wentOn } = restored;
    if (wentOn)
      terminal.say("An earlier restore had been ended in the middle, and was brought to its end.");
    terminal.table(placed.map(({ kind, path }) => [kind, path]));
    for (const { aside } of placed)
      if (aside !== undefined) terminal.say(`note   moved aside: ${aside}`);
    const had = kept.length > 0 ? `; ${kept.length} were there already` : "";
    terminal.print(`${dryRun ? "Would put" : "Put"} ${placed.length} into place${had}.`);
    for (const { path, kind } of placed)
      if (kind === "program" && !dryRun) terminal.print(`Isopod itself is in "${path}".`);
    return 0;
  },
});
