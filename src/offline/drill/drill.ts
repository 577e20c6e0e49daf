/**
 * The rehearsal: everything is carried, restored into a folder of its own, and used on a machine that has no way out.
 * Then the way out comes back, and canaries are fired at it. A step that fails does not keep the later ones from being
 * tried where they do not stand on it: one drill should tell all that is wrong.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Clock } from "../../base/clock.ts";
import type { ProgramsOwner } from "../../process/programs.ts";
import type { Offline } from "../offline.ts";
import type { Cable } from "../prove/cable.ts";
import { LIMITS, type Shot } from "../prove/plan.ts";
import { laySurroundings, openRange, type RangeOptions } from "../prove/range.ts";
import { conclude, type Fired, type Proof } from "../prove/report.ts";
import { type Dial, type Stage, startStage } from "../prove/stage.ts";
import { OLLAMA_HOST, serveOllama } from "./ollama.ts";
import { addProvider, BASE_LIMITS, prepare, PROVIDER } from "./prepare.ts";
import { recover, rehearse, SILENCE_MS } from "./rehearse.ts";
import type { Drill } from "./report.ts";
import {
  coverOriginals,
  type DrillPlaces,
  type Env,
  makePlaces,
  refuseMissingBundle,
  restoringEnv,
  type RestoreWords,
  toProgram,
} from "./restored.ts";
import { createSteps, missed, type Steps } from "./steps.ts";

export type DrillOptions = {
  programs: ProgramsOwner;
  dial: Dial;
  clock: Clock;
  /** This installation: its state folder, its environment, the program that is installed. */
  home: string;
  env: Env;
  path: string;
  installed: { launcher: string; node: string; root: string };
  /** What this installation carries, and the same for the state folder of the drill. */
  offline: Offline;
  openThere(machine: { home: string; env: Env }): Promise<Offline>;
  /** Writes one value into the config of the drill. */
  editThere(machine: { home: string; env: Env }, path: string, value: unknown): Promise<unknown>;
  /** Hashes of command lines that a person has approved on this machine. */
  approved(): ReadonlySet<string>;
  words: RestoreWords;
  /** What is fired; all that we know of without it. */
  shots?: readonly Shot[];
  tell: (text: string) => void;
};

/** Throws `PROVE_IMPOSSIBLE`, `PROGRAM_MISSING`, `BUNDLE_NOT_FOUND`, and the signal's reason. */
export async function drill(options: DrillOptions, signal: AbortSignal): Promise<Drill> {
  refuseMissingBundle(options.words);
  const folder = mkdtempSync(join(tmpdir(), "isopod-drill-"));
  try {
    return await drillIn(makePlaces(folder), options, signal);
  } finally {
    await options.programs.close(); // who still writes would keep the folder from going
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drillIn(
  places: DrillPlaces,
  options: DrillOptions,
  signal: AbortSignal,
): Promise<Drill> {
  const { programs, path, clock, tell, shots } = options;
  const { folder, papers } = places;
  const steps = createSteps(clock, tell, signal);
  const limits: string[] = [];
  const env = { PATH: path, HOME: folder };
  const range = { programs, env, folder, tell, ...(shots && { shots }) };
  tell("laying a cable that leads nowhere"); // first: where that is impossible, no bundle is made
  const cable = await laySurroundings(range, { stranded: true }, signal);
  const there = { home: places.home, env: restoringEnv(options.env, places) };
  const { bundle, restored } = await prepare(options, { there, folder, steps, limits }, signal);
  const end = (egress?: Drill["egress"]): Drill => ({
    ok: steps.done.every(({ ok }) => ok),
    steps: [...steps.done],
    limits: [...limits, ...BASE_LIMITS],
    bundle,
    ...(egress && { egress }),
  });
  if (!restored) return end();
  const count = async () => {
    const before = cable.arrived().packets;
    return async () => silent(cable.arrived().packets - before);
  };
  const counted = await count();
  let stage: Stage | undefined;
  await steps.run("gateway", async () => {
    const { words: program, isRestored } = toProgram(restored, options.installed);
    await addProvider(options, there);
    const hasOllama = bundle?.artefacts.some(({ kind }) => kind === "ollama") ?? false;
    stage = await openStage({ options, places, cable, program, limits, hasOllama }, signal);
    const which = isRestored
      ? "the restored program"
      : "the installed program (the bundle has none)";
    return `${which}, with the restored state folder`;
  });
  if (!stage) return end();
  await rehearse({ stage, steps, limits, papers, approved: options.approved() }, signal);
  await steps.run("silence", counted);
  await recover({ stage, steps, lead: cable.lead, count }, signal);
  return end(await fireCanaries({ ...range, stage, steps, cable, limits }, signal));
}

function silent(frames: number): string {
  if (frames > 0) throw missed(`${frames} frames left`);
  return "0 frames left, as the kernel at the far end of the cable counted";
}

async function openStage(
  {
    options,
    places,
    cable,
    program,
    limits,
    hasOllama,
  }: {
    options: DrillOptions;
    places: DrillPlaces;
    cable: Cable;
    program: readonly string[];
    limits: string[];
    hasOllama: boolean;
  },
  signal: AbortSignal,
): Promise<Stage> {
  const { programs, dial, home, env, path, installed } = options;
  const needed = [installed.root, installed.node];
  const covered = await coverOriginals(cable, { home, env, needed }, places);
  limits.push(...covered.limits);
  const inside = { ...covered.env, PATH: path, ...(hasOllama && { OLLAMA_HOST }) };
  if (hasOllama) {
    const place = {
      programs,
      enter: cable.enter,
      env: inside,
      store: join(places.folder, "ollama"),
    };
    const why = await serveOllama(place, signal);
    if (why !== undefined) limits.push(why);
  }
  return startStage(
    {
      programs,
      dial,
      env: inside,
      program: [...cable.enter, ...program],
      home: places.home,
      homeInside: covered.home,
      workspace: places.workspace,
      cloud: `${PROVIDER}/best`,
      canWiden: false,
    },
    signal,
  );
}

async function fireCanaries(
  given: RangeOptions & { stage: Stage; steps: Steps; cable: Cable; limits: string[] },
  signal: AbortSignal,
): Promise<Drill["egress"]> {
  const { steps, cable, stage, limits } = given;
  const range = openRange(given, signal);
  let attempts: Fired[] = [];
  let escaped = 0;
  await steps.run("canaries", async () => {
    const before = cable.arrived().packets;
    attempts = await range.fire(signal);
    await pause(SILENCE_MS, undefined, { signal });
    escaped = cable.arrived().packets - before;
    await stage.setMode("private", signal);
    const [first] = attempts.filter((one) => one.escaped > 0);
    if (first) throw missed(`"${first.shot.name}" got out: ${first.escaped} frames`);
    if (escaped > 0) throw missed(`${escaped} frames left while canaries were fired`);
    return `${attempts.length} were fired at a trap that answers everything, 0 frames left`;
  });
  let proof: Proof | undefined;
  await steps.run("control", async () => {
    const controls = await range.leak(signal);
    proof = conclude({ escaped, attempts, controls, limits: LIMITS });
    const lost = proof.attempts.find(({ control }) => control !== "leaked");
    if (lost) throw missed(`"${lost.name}" was not seen to leave where nothing holds it: void`);
    return `${controls.size} ways out, each seen at the trap where nothing holds it back`;
  });
  if (!proof) return undefined;
  const { limits: more, ...egress } = proof;
  limits.push(...more);
  return egress;
}
