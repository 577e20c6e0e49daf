import type { Check, Finding, Result } from "../protocol/check.ts";

/**
 * Runs checks in order of cause: one whose cause has failed is skipped and says so, so that a person
 * sees the root and not its ten symptoms. With `fix`, mends what can be mended safely and looks again.
 */
export async function runChecks(
  checks: readonly Check[],
  { fix = false }: { fix?: boolean },
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings = new Map<string, Finding>();
  for (const check of inOrderOfCause(checks)) {
    signal.throwIfAborted();
    const cause = check.dependsOn.map((code) => findings.get(code)).find(hasFailed);
    findings.set(check.code, cause ? skipped(check, cause) : await examine(check, fix, signal));
  }
  return [...findings.values()];
}

/** What stands in the way of working: warnings do not. */
export const isWell = (findings: readonly Finding[]) => !findings.some(hasFailed);

async function examine(check: Check, fix: boolean, signal: AbortSignal): Promise<Finding> {
  const first = await check.run(signal);
  if (first.state === "ok" || !fix || !check.fix) return toFinding(check, first);
  const fixed = await check.fix(signal);
  return { ...toFinding(check, await check.run(signal)), fixed };
}

function toFinding(check: Check, result: Result): Finding {
  const { code, title } = check;
  const fixable = check.fix !== undefined && result.state !== "ok";
  return result.state === "ok"
    ? { code, title, state: "ok", detail: result.detail, fixable }
    : {
        code,
        title,
        state: result.state,
        detail: result.fault.message,
        fault: result.fault,
        fixable,
      };
}

const skipped = ({ code, title }: Check, cause: Finding): Finding => ({
  code,
  title,
  state: "skipped",
  detail: `not looked at: "${cause.title}" comes first`,
  fixable: false,
});

/** A check that was skipped hides what is behind it as well. */
const hasFailed = (finding: Finding | undefined) =>
  finding?.state === "failed" || finding?.state === "skipped";

/** Causes first; otherwise as they were given. A cycle, or a cause nobody checks, is a bug. */
function inOrderOfCause(checks: readonly Check[]): Check[] {
  const sorted: Check[] = [];
  const visit = (check: Check, path: readonly string[]) => {
    if (sorted.includes(check)) return;
    if (path.includes(check.code))
      throw new Error(`checks depend on each other: ${path.join(" → ")}`);
    for (const code of check.dependsOn) {
      const cause = checks.find((other) => other.code === code);
      if (!cause) throw new Error(`check "${check.code}" depends on "${code}", which is no check`);
      visit(cause, [...path, check.code]);
    }
    sorted.push(check);
  };
  for (const check of checks) visit(check, []);
  return sorted;
}
