import type { Proof } from "../../../offline/prove/report.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const egressProve = defineCommand({
  name: "egress prove",
  summary:
    "prove that nothing gets out: the real gateway beside a trap, canaries, and a control that leaks",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const tell = (text: string) => terminal.progress(text);
    const { proof, file, publicKey } = await host.proveEgress(tell, signal);
    terminal.progress(undefined);
    if (options["json"]) terminal.json(proof);
    else print(proof, terminal);
    terminal.say(
      `Kept in ${file}, signed: minisign -V -P ${publicKey.trim().split("\n").at(-1)} -m FILE`,
    );
    return proof.escaped === 0 && proof.control.leaked ? 0 : 1;
  },
});

function print({ escaped, control, attempts, limits }: Proof, terminal: Terminal): void {
  terminal.table([
    ["ATTEMPT", "KIND", "MODE", "GOT OUT", "CONTROL", "WHAT IT WAS TOLD"],
    ...attempts.map((one) => [
      one.name,
      one.kind,
      one.mode,
      one.escaped === 0 ? "nothing" : `${one.escaped} frames`,
      one.control,
      one.said,
    ]),
  ]);
  terminal.print("");
  if (!control.leaked) {
    terminal.print(terminal.red("Void: a control that must get out was not seen by the trap."));
  } else if (escaped > 0) {
    terminal.print(terminal.red(`${escaped} frames got out.`));
  } else {
    terminal.print(
      `Nothing left: 0 frames in ${attempts.length} attempts, and each control was seen.`,
    );
  }
  terminal.print("What this does not show:");
  for (const limit of limits) terminal.print(`- ${limit}`);
}
