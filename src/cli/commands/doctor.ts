import type { Finding } from "../../protocol/check.ts";
import { defineCommand } from "../command.ts";
import type { Terminal } from "../terminal.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "look for what is wrong, the cause before its symptoms",
  options: [
    ["--fix", "mend what can be mended safely"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const findings = await host.doctor(Boolean(options["fix"]), signal);
    const ok = !findings.some(({ state }) => state === "failed");
    if (options["json"]) terminal.json({ ok, findings });
    else printFindings(findings, terminal);
    return ok ? 0 : 1;
  },
});

const MARKS = { ok: "ok  ", warning: "warn", failed: "FAIL", skipped: "skip" };

function printFindings(findings: readonly Finding[], terminal: Terminal): void {
  for (const { state, title, detail, fault, fixed } of findings) {
    const mark = state === "failed" ? terminal.red(MARKS[state]) : MARKS[state];
    terminal.print(`${mark}  ${title}: ${detail}`);
    if (fixed) terminal.print(`      mended: ${fixed}`);
    if (fault) terminal.print(`      fix   ${fault.fix}`);
  }
  const fixable = findings.filter((finding) => finding.fixable && !finding.fixed).length;
  if (fixable > 0) terminal.say(`\n${fixable} of these can be mended: isopod doctor --fix`);
}
