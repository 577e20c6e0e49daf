/** What a proof says: the attempts, whether each control was seen, and what it cannot show. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Shot } from "./plan.ts";

export type Attempt = Pick<Shot, "name" | "kind" | "by" | "mode"> & {
  /** Frames that left while it was tried; one at least where the trap heard the canary. */
  escaped: number;
  /** What whoever fired it was told. */
  said: string;
  /** Whether the same without what should stop it was seen by the trap. */
  control: "leaked" | "not seen";
};

/** What `isopod egress prove --json` prints. */
export type Proof = {
  escaped: number;
  control: { leaked: boolean };
  attempts: Attempt[];
  limits: string[];
};

/** One that was fired: what whoever fired it was told, and how many frames left. */
export type Fired = { shot: Shot; said: string; escaped: number };

export function conclude(seen: {
  escaped: number;
  /** Frames that left while there was a conversation; without it none is among the attempts. */
  conversation?: number;
  attempts: readonly Fired[];
  /** What it cannot show, whatever was seen. */
  limits: readonly string[];
  controls: ReadonlyMap<string, Fired>;
}): Proof {
  const { controls } = seen;
  const limits = [...seen.limits];
  const isUntried = ({ name, needsPerl }: Shot) =>
    needsPerl && controls.get(name)?.said === "ENOENT";
  const tried = seen.attempts.filter(({ shot }) => !isUntried(shot));
  if (tried.length < seen.attempts.length)
    limits.push("ICMP was not tried: there is no perl to make it");
  const sandbox = tried.find(
    ({ shot, said }) => shot.from === "sandbox" && said.startsWith("no sandbox"),
  );
  if (sandbox) limits.push("No command was tried: there is no sandbox, and `run` is off");
  const controlOf = (name: string) =>
    (controls.get(name)?.escaped ?? 0) > 0 ? "leaked" : "not seen";
  const attempts = tried.map(({ shot: { name, kind, by, mode }, said, escaped }): Attempt => {
    return { name, kind, by, mode, escaped, said, control: controlOf(name) };
  });
  const conversation = (frames: number): Attempt => ({
    name: "conversation",
    kind: "model",
    by: "the gateway itself: its start, a chat, a streamed one, a tool call, the checks, and all the time between",
    mode: "private",
    escaped: frames,
    said: "answered",
    control: controlOf("cloud-model"),
  });
  const all =
    seen.conversation === undefined ? attempts : [conversation(seen.conversation), ...attempts];
  const leaked = all.every(({ control }) => control === "leaked");
  const heard = all.reduce((sum, attempt) => sum + attempt.escaped, 0);
  return { escaped: Math.max(seen.escaped, heard), control: { leaked }, attempts: all, limits };
}

/** Keeps a proof, such as "egress prove", with its signature in `$ISOPOD_HOME/proofs`; returns the file. */
export function keepProof(
  home: string,
  content: object,
  {
    at,
    sign,
    command,
  }: {
    at: number;
    sign: (content: Uint8Array, comment: string) => string;
    command: "egress prove" | "offline drill";
  },
): string {
  const folder = join(home, "proofs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const day = new Date(at).toISOString().replaceAll(":", "-").slice(0, 19);
  const file = join(folder, `${command === "egress prove" ? "egress" : "drill"}-${day}.json`);
  const bytes = Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`);
  writeFileSync(file, bytes, { mode: 0o600 });
  writeFileSync(`${file}.minisig`, sign(bytes, `isopod ${command} ${day}`), { mode: 0o600 });
  return file;
}
