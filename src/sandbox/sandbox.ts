/** Runs what a model asked for where it can do no harm. Every call is throwaway; only the workspace stays. */
export interface Sandbox {
  readonly name: string;
  /**
   * Runs a shell command line in the workspace. A command that fails, is cut or runs into a limit is a
   * result, not an error; throws only when the sandbox itself cannot start, and the signal's reason.
   */
  run(call: SandboxCall, signal: AbortSignal): Promise<SandboxResult>;
}

export type SandboxCall = {
  /** For `sh -c`. */
  command: string;
  /** The real path of the workspace on the host; `/workspace` inside. */
  workspace: string;
  timeoutMs: number;
  onOutput?: (text: string) => void;
};

export type SandboxResult = {
  exitCode: number | null;
  /** Standard output and error as they came, broken UTF-8 replaced, cut in the middle when too long. */
  output: string;
  /** How many bytes were left out of the middle. */
  cutBytes: number;
  /** Why it was ended before it ended by itself; for a disk that was nearly full before, not even begun. */
  ended: "exit" | "timeout" | "memory" | "disk" | "signal";
};

/** What the probe found. Without a sandbox, `run` is off and `reason` and `fix` are shown. */
export type SandboxChoice =
  | { ok: true; sandbox: Sandbox; tried: Probe[] }
  | { ok: false; reason: string; fix: string; tried: Probe[] };

/** One attack of the behavioural probe, and whether the sandbox held. */
export type Probe = { backend: string; attack: string; held: boolean; detail: string };
