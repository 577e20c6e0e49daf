/**
 * The proof that nothing gets out: the real gateway in a namespace whose only cable leads to a trap, a
 * conversation, canaries that must not leave, and for each a control that must. A control that the trap does
 * not see makes the whole void: a proof that cannot fail proves nothing.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Programs } from "../../process/program.ts";
import { PROOF_LIMITS, type Shot } from "./plan.ts";
import { laySurroundings, openRange } from "./range.ts";
import { conclude, type Proof } from "./report.ts";
import { CLOUD, type Dial, startStage } from "./stage.ts";

export type ProveOptions = {
  programs: Pick<Programs, "start">;
  path: string;
  launcher: string;
  dial: Dial;
  /** What is fired; all that we know of without it. */
  shots?: readonly Shot[];
  /** One line of what is done just now. */
  tell: (text: string) => void;
};

/** Throws `PROVE_IMPOSSIBLE`, `PROVE_FAILED`, `PROGRAM_MISSING`, and the signal's reason. Takes some 30 s. */
export async function prove(options: ProveOptions, signal: AbortSignal): Promise<Proof> {
  const folder = mkdtempSync(join(tmpdir(), "isopod-proof-"));
  try {
    return await proveIn(folder, options, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names a model on the internet, which no mode but `internet` may reach. */
const CONFIG = {
  models: { providers: { cloud: CLOUD } },
  agents: { defaults: { model: { primary: "embedded/demo" } } },
};

async function proveIn(folder: string, options: ProveOptions, signal: AbortSignal): Promise<Proof> {
  const { path, launcher, tell } = options;
  const env = { PATH: path, HOME: folder };
  const common = { ...options, env, folder };
  tell("laying the cable to the trap");
  const cable = await laySurroundings(common, {}, signal);
  const before = cable.arrived().packets;
  tell("starting the gateway and talking with it");
  const home = join(folder, "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "isopod.json"), JSON.stringify(CONFIG));
  const program = [...cable.enter, process.execPath, launcher];
  const place = { program, home, cloud: "cloud/best", canWiden: true };
  const stage = await startStage({ ...common, ...place }, signal);
  const range = openRange({ ...common, cable, stage }, signal);
  await stage.converse(signal);
  const conversation = cable.arrived().packets - before;
  const attempts = await range.fire(signal);
  tell("listening whether all is silent");
  await pause(SILENCE_MS, undefined, { signal });
  const escaped = cable.arrived().packets - before;
  const between = escaped - conversation - attempts.reduce((sum, shot) => sum + shot.escaped, 0);
  const controls = await range.leak(signal);
  return conclude({
    escaped,
    conversation: conversation + Math.max(0, between),
    attempts,
    controls,
    limits: PROOF_LIMITS,
  });
}

const SILENCE_MS = 1_000;
