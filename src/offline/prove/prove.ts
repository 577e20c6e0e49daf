/**
 * The proof that nothing gets out: the real gateway in a namespace whose only cable leads to a trap, a
 * conversation, canaries that must not leave, and for each a control that must. A control that the trap does
 * not see makes the whole void: a proof that cannot fail proves nothing.
 */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Programs } from "../../process/program.ts";
import { PRELOAD } from "../../process/doors.ts";
import type { CanaryGiven } from "./canary.ts";
import { type Cable, layCable } from "./cable.ts";
import { type Shot, SHOTS } from "./plan.ts";
import { conclude, type Fired, type Proof } from "./report.ts";
import { type Dial, type Stage, startStage } from "./stage.ts";
import { type Talker, toTalker } from "./talker.ts";

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

/** In the watched namespace's loopback: a host of the LAN whose traffic leaves nothing. */
const LAN = "http://192.168.77.7:8077";

async function proveIn(folder: string, options: ProveOptions, signal: AbortSignal): Promise<Proof> {
  const { programs, path, launcher, dial, tell } = options;
  const env = { PATH: path, HOME: folder };
  const hosts = join(folder, "hosts");
  writeFileSync(
    join(folder, "resolv.conf"),
    "nameserver 203.0.113.53\noptions timeout:1 attempts:1\n",
  );
  writeFileSync(hosts, "127.0.0.1 localhost\n203.0.113.7 box.proof.test\n");
  tell("laying the cable to the trap");
  const cable = await layCable({ programs, env, folder }, signal);
  const start = (script: readonly string[], given: object) => {
    const words = [...cable.enter, process.execPath, ...script, JSON.stringify(given)];
    const [command = "", ...args] = words;
    return toTalker(
      programs.start({
        command,
        args,
        env,
        purpose: "egress.prove",
        network: "none",
        listens: true,
        signal,
      }),
    );
  };
  const before = cable.arrived().packets;
  tell("starting the gateway and talking with it");
  const stage = await startStage(
    { programs, env, folder, enter: cable.enter, launcher, dial },
    signal,
  );
  const { workspace } = stage;
  const relay = join(folder, "relay.sock");
  const given: CanaryGiven = { lan: LAN, workspace, hosts };
  const guarded = start(["--require", fileURLToPath(PRELOAD), here("canary.ts")], given);
  const free = start([here("canaries.cjs")], { lan: LAN, relay, gateway: stage.socket });
  const { shots = SHOTS } = options;
  const range = { cable, stage, guarded, free, shots, hosts };
  await stage.converse(signal);
  const conversation = cable.arrived().packets - before;
  const attempts = await fireAll(range, tell, signal);
  tell("listening whether all is silent");
  await pause(SILENCE_MS, undefined, { signal });
  const escaped = cable.arrived().packets - before;
  const between = escaped - conversation - attempts.reduce((sum, shot) => sum + shot.escaped, 0);
  const controls = await leakAll(range, tell, signal);
  return conclude({
    escaped,
    conversation: conversation + Math.max(0, between),
    attempts,
    controls,
  });
}

type Range = {
  cable: Cable;
  stage: Stage;
  guarded: Talker;
  free: Talker;
  shots: readonly Shot[];
  hosts: string;
};

const here = (name: string) => join(import.meta.dirname, name);
const newCanary = () => `canary-${randomBytes(6).toString("hex")}`;

/** A frame crosses the cable within microseconds; who has to be waited for is a busy machine's scheduler. */
const SETTLE_MS = 150;
const SILENCE_MS = 1_000;

async function fireAll(
  range: Range,
  tell: ProveOptions["tell"],
  signal: AbortSignal,
): Promise<Fired[]> {
  const { cable, stage, shots } = range;
  const fired: Fired[] = [];
  for (const [at, shot] of shots.entries()) {
    tell(`${at + 1}/${shots.length}: ${shot.kind}, ${shot.name}`);
    if (shot.from === "gateway" && shot.mode !== "any") await stage.setMode(shot.mode, signal);
    const canary = newCanary();
    const { packets } = cable.arrived();
    const said = await fire(range, shot, canary, signal);
    await pause(SETTLE_MS, undefined, { signal });
    const isHeard = cable.trap.said.some(({ heard }) => heard === canary);
    const left = cable.arrived().packets - packets;
    fired.push({ shot, said, escaped: isHeard ? Math.max(1, left) : left });
  }
  return fired;
}

function fire(range: Range, shot: Shot, canary: string, signal: AbortSignal): Promise<string> {
  if (shot.from === "gateway") return range.stage.askCloud(canary, signal);
  return order(shot.from === "client" ? range.free : range.guarded, shot.act, canary);
}

/** A Node under load has been seen to start in ten seconds; an act ends by itself long before. */
const ORDER_MS = 30_000;

async function order(talker: Talker, name: string, canary: string): Promise<string> {
  const from = talker.said.length;
  talker.write({ name, canary });
  const line = await talker.hear((said) => said["name"] === name, { from, ms: ORDER_MS });
  return line ? String(line["said"]) : `nothing: ${talker.words().split("\n").at(-1) ?? ""}`;
}

/** The same by whoever is not held back, from the same namespace; each must be seen. */
async function leakAll(range: Range, tell: ProveOptions["tell"], signal: AbortSignal) {
  writeFileSync(range.hosts, "127.0.0.1 localhost\n203.0.113.7 box.proof.test\n");
  const controls = new Map<string, Fired>();
  for (const shot of range.shots) {
    if (controls.has(shot.name)) continue;
    tell(`control: ${shot.kind}, ${shot.name}`);
    controls.set(shot.name, await leak(range, shot, signal));
  }
  return controls;
}

/** As long as a leak may take to arrive; nearly all are there at once. */
const LEAK_MS = 3_000;

async function leak(range: Range, shot: Shot, signal: AbortSignal): Promise<Fired> {
  const { cable, stage, free } = range;
  const canary = newCanary();
  const counted = cable.arrived();
  let said: string;
  if (shot.from === "gateway") {
    await stage.setMode("internet", signal);
    said = await stage.askCloud(canary, signal);
  } else said = await order(free, shot.name, canary);
  if (shot.seenBy === "canary") {
    const heard = await cable.trap.hear((line) => line["heard"] === canary, { ms: LEAK_MS });
    return { shot, said, escaped: heard ? 1 : 0 };
  }
  await pause(SETTLE_MS, undefined, { signal });
  const now = cable.arrived();
  const escaped = shot.seenBy === "icmp" ? now.icmp - counted.icmp : now.packets - counted.packets;
  return { shot, said, escaped };
}
