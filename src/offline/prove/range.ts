/**
 * Where canaries are fired: the machine at the cable, a gateway in it, and beside that one process which is held back
 * as the gateway is and one which is not. Whatever the second sends must be seen at the far end, else nothing is proved.
 */

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { PRELOAD } from "../../process/doors.ts";
import type { Programs } from "../../process/program.ts";
import { type Cable, layCable } from "./cable.ts";
import type { CanaryGiven } from "./canary.ts";
import { type Shot, SHOTS } from "./plan.ts";
import type { Fired } from "./report.ts";
import type { Stage } from "./stage.ts";
import { type Talker, toTalker } from "./talker.ts";

export type RangeOptions = {
  programs: Pick<Programs, "start">;
  env: Readonly<Record<string, string>>;
  /** Of this proof alone; it is the caller's to remove. */
  folder: string;
  /** What is fired; all that we know of without it. */
  shots?: readonly Shot[];
  /** One line of what is done just now. */
  tell: (text: string) => void;
};

/** The cable of a proof, and the files of its machine. Throws `PROVE_IMPOSSIBLE` and `PROGRAM_MISSING`. */
export async function laySurroundings(
  { programs, env, folder }: RangeOptions,
  more: { stranded?: boolean },
  signal: AbortSignal,
): Promise<Cable> {
  const resolver = "nameserver 203.0.113.53\noptions timeout:1 attempts:1\n";
  writeFileSync(join(folder, "resolv.conf"), resolver);
  writeFileSync(hostsIn(folder), "127.0.0.1 localhost\n203.0.113.7 box.proof.test\n");
  return layCable({ programs, env, folder, ...more }, signal);
}

const hostsIn = (folder: string) => join(folder, "hosts");

export interface Range {
  /** Fires all; what left for each is counted. */
  fire(signal: AbortSignal): Promise<Fired[]>;
  /** The same by whoever is not held back, from the same namespace; each must be seen. */
  leak(signal: AbortSignal): Promise<ReadonlyMap<string, Fired>>;
}

/** In the watched namespace's loopback: a host of the LAN whose traffic leaves nothing. */
const LAN = "http://192.168.77.7:8077";

export function openRange(
  options: RangeOptions & { cable: Cable; stage: Stage },
  signal: AbortSignal,
): Range {
  const { programs, env, folder, cable, stage, shots = SHOTS, tell } = options;
  const start = (script: readonly string[], given: object) => {
    const words = [...cable.enter, process.execPath, ...script, JSON.stringify(given)];
    const [command = "", ...args] = words;
    const more = { purpose: "egress.prove", network: "none", listens: true, signal } as const;
    return toTalker(programs.start({ command, args, env, ...more }));
  };
  const hosts = hostsIn(folder);
  const given: CanaryGiven = { lan: LAN, workspace: stage.workspace, hosts };
  const relay = join(folder, "relay.sock");
  const inside = {
    cable,
    stage,
    guarded: start(["--require", fileURLToPath(PRELOAD), here("canary.ts")], given),
    free: start([here("canaries.cjs")], { lan: LAN, relay, gateway: stage.socketInside }),
    shots,
    hosts,
  };
  return {
    fire: (stop) => fireAll(inside, tell, stop),
    leak: (stop) => leakAll(inside, tell, stop),
  };
}

type Tell = RangeOptions["tell"];

type Inside = {
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

async function fireAll(inside: Inside, tell: Tell, signal: AbortSignal): Promise<Fired[]> {
  const { cable, stage, shots } = inside;
  const fired: Fired[] = [];
  for (const [at, shot] of shots.entries()) {
    tell(`${at + 1}/${shots.length}: ${shot.kind}, ${shot.name}`);
    if (shot.from === "gateway" && shot.mode !== "any") await stage.setMode(shot.mode, signal);
    const canary = newCanary();
    const { packets } = cable.arrived();
    const said = await fire(inside, shot, canary, signal);
    await pause(SETTLE_MS, undefined, { signal });
    const isHeard = cable.trap.said.some(({ heard }) => heard === canary);
    const left = cable.arrived().packets - packets;
    fired.push({ shot, said, escaped: isHeard ? Math.max(1, left) : left });
  }
  return fired;
}

function fire(inside: Inside, shot: Shot, canary: string, signal: AbortSignal): Promise<string> {
  if (shot.from === "gateway") return inside.stage.askCloud(canary, signal);
  return order(shot.from === "client" ? inside.free : inside.guarded, shot.act, canary);
}

/** A Node under load has been seen to start in ten seconds; an act ends by itself long before. */
const ORDER_MS = 30_000;

async function order(talker: Talker, name: string, canary: string): Promise<string> {
  const from = talker.said.length;
  talker.write({ name, canary });
  const line = await talker.hear((said) => said["name"] === name, { from, ms: ORDER_MS });
  return line ? String(line["said"]) : `nothing: ${talker.words().split("\n").at(-1) ?? ""}`;
}

async function leakAll(inside: Inside, tell: Tell, signal: AbortSignal) {
  writeFileSync(inside.hosts, "127.0.0.1 localhost\n203.0.113.7 box.proof.test\n");
  const controls = new Map<string, Fired>();
  for (const shot of inside.shots) {
    if (controls.has(shot.name)) continue;
    tell(`control: ${shot.kind}, ${shot.name}`);
    controls.set(shot.name, await leak(inside, shot, signal));
  }
  return controls;
}

/** As long as a leak may take to arrive; nearly all are there at once. */
const LEAK_MS = 3_000;

async function leak(inside: Inside, shot: Shot, signal: AbortSignal): Promise<Fired> {
  const { cable, stage, free } = inside;
  const canary = newCanary();
  const counted = cable.arrived();
  let said: string;
  if (shot.from === "gateway" && stage.canWiden) {
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
