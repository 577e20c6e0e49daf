import { resolve } from "node:path";

import { Fault } from "../../../base/fault.ts";
import type { Drill } from "../../../offline/drill/report.ts";
import { STEPS } from "../../../offline/drill/steps.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { parsePassphrase, parseTrust } from "./words.ts";

const NAME = "offline drill";

export const offlineDrill = defineCommand({
  name: NAME,
  summary:
    "rehearse it: restore a bundle into a folder of its own, use it without a network, try to get out",
  arguments: [["[bundle]", "one that `isopod offline bundle` wrote; without it one is made"]],
  options: [
    [
      "--trust <key>",
      "the key of its maker that you have compared, or a file with it",
      "repeatable",
    ],
    ["--decrypt <file>", "the file with the passphrase of what is sealed"],
    [
      "--by-hand",
      "you switch the network off and on: for systems without namespaces, such as macOS",
    ],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const [path] = args;
    const words = {
      ...(path !== undefined && { path: resolve(path) }),
      trust: parseTrust(options["trust"], NAME),
      ...parsePassphrase(options["decrypt"], NAME),
    };
    const tell = (text: string) => terminal.progress(text);
    const byHand = async (what: string) => {
      terminal.progress(undefined);
      return (await terminal.ask(`${what} `, signal)) !== undefined;
    };
    const run = async (isByHand: boolean) => {
      try {
        return await host.drillOffline({ words, tell, ...(isByHand && { byHand }) }, signal);
      } finally {
        terminal.progress(undefined);
      }
    };
    const { drill, file, publicKey } = await run(Boolean(options["byHand"])).catch(
      (error: unknown) => {
        if (!isImpossible(error)) throw error;
        const detail = error.message;
        if (!terminal.interactive)
          throw new Fault("DRILL_IMPOSSIBLE", { detail }, { cause: error });
        terminal.say(`${detail}. So it is done by hand, and shows less.`);
        return run(true);
      },
    );
    if (options["json"]) terminal.json(drill);
    else print(drill, terminal);
    const key = publicKey.trim().split("\n").at(-1);
    terminal.say(`Kept in ${file}, signed: minisign -V -P ${key} -m FILE`);
    return drill.ok ? 0 : 1;
  },
});

const isImpossible = (error: unknown): error is Fault =>
  error instanceof Fault && (error.code === "PROVE_IMPOSSIBLE" || error.code === "PROGRAM_MISSING");

function print({ ok, steps, limits, bundle }: Drill, terminal: Terminal): void {
  terminal.table(
    steps.map(({ step, ok, detail, ms }) => [
      ok ? "ok" : terminal.red("FAILED"),
      STEPS[step],
      `${(ms / 1000).toFixed(1)} s`,
      detail,
    ]),
  );
  if (!steps.some(({ step }) => step === "recovery"))
    terminal.print("What stands on a step that failed was not tried.");
  terminal.print("");
  terminal.print("What this does not show:");
  for (const limit of limits) terminal.print(`- ${limit}`);
  terminal.print("");
  const of = bundle ? ` with ${bundle.id}` : "";
  const lost = steps.filter((step) => !step.ok).length;
  terminal.print(
    ok
      ? `Passed${of}: all ${steps.length} steps, without a network.`
      : terminal.red(`Failed${of}: ${lost} of ${steps.length} steps.`),
  );
}
