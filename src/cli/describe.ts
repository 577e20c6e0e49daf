import type { Mode, Status } from "../protocol/event.ts";

/** The command that gets a real model, wherever the demonstration model answers. */
export const GET_A_MODEL = "install Ollama, then: ollama pull qwen3:8b";

export function describeModel({ model }: Status): string {
  if (!model) return `none: ${GET_A_MODEL}`;
  const label = model.demonstration
    ? `DEMONSTRATION MODEL, good for a first look only; ${GET_A_MODEL}`
    : model.why;
  return `${model.ref} (${model.locality}) — ${label}`;
}

const MODES: Record<Mode, string> = {
  device: "device: this machine only",
  private: "private: this machine, and the hosts on your own network that the config names",
  internet: "internet: also the hosts on the internet that the config names",
};

export const describeMode = (mode: Mode) => MODES[mode];

export const describeSandbox = ({ sandbox }: Status) =>
  sandbox.ok
    ? `${sandbox.name}: no network, only the workspace is writable`
    : `off: commands are not run — ${sandbox.reason}`;
