import type { FaultReport } from "../base/fault.ts";

/** One thing that `doctor` looks at. */
export interface Check {
  /** Stable, such as "models.reachable". */
  readonly code: string;
  readonly title: string;
  /** Codes of checks that must be well before this one says anything: the root cause is shown, not ten symptoms. */
  readonly dependsOn: readonly string[];
  /** Never throws for what it looks for; asks no host that config does not name. */
  run(signal: AbortSignal): Promise<Result>;
  /** Mends what `run` found, where that is safe; returns what it did, one sentence. May be called twice. */
  fix?(signal: AbortSignal): Promise<string>;
}

export type Result =
  | { state: "ok"; detail: string }
  | { state: "warning" | "failed"; fault: FaultReport };

export type Finding = {
  code: string;
  title: string;
  state: "ok" | "warning" | "failed" | "skipped";
  detail: string;
  fault?: FaultReport;
  fixable: boolean;
  /** What `--fix` did, where it did something. */
  fixed?: string;
};
