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
import { Fault } from "../../base/fault.ts";
import type { ProgramsOwner } from "../../process/programs.ts";
import type { Offline } from "../offline.ts";
import type { Cable } from "../prove/cable.ts";
import { LIMITS, type Shot } from "../prove/plan.ts";
import { laySurroundings, openRange, type RangeOptions } from "../prove/range.ts";
import { conclude, type Fired, type Proof } from "../prove/report.ts";
import { CLOUD, type Dial, type Stage, startStage } from "../prove/stage.ts";
import { checkModel } from "./model.ts";
import { DRILL_LIMITS, type Drill } from "./report.ts";
import {
  checkFiles,
  coverOriginals,
  type DrillPlaces,
  type Env,
  makePlaces,
  refuseMissingBundle,
  restoreForDrill,
  restoringEnv,
  type RestoreWords,
  toProgram,
} from "./restored.ts";
import { createSteps, missed, type Steps } from "./steps.ts";
import {
  checkApp,
  checkChat,
  checkHealth,
  checkSearch,
  checkStream,
  checkTool,
  readStatus,
} from "./talk.ts";

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
  const { folder } = places;
  const steps = createSteps(clock, tell, signal);
  const limits: string[] = [];
  const env = { PATH: path, HOME: folder };
  const range = { programs, env, folder, tell, ...(shots && { shots }) };
  tell("laying a cable that leads nowhere"); // first: where that is impossible, no bundle is made
  const cable = await laySurroundings(range, { stranded: true }, signal);
  const there = { home: places.home, env: restoringEnv(options.env, places) };
  const carried = await restoreForDrill(
    options.offline,
    await options.openThere(there),
    { words: options.words, folder, steps, limits },
    signal,
  );
  const bundle = carried?.bundle ?? null;
  const end = (egress?: Drill["egress"]): Drill => ({
    ok: steps.done.every(({ ok }) => ok),
    steps: [...steps.done],
    limits: [...limits, ...DRILL_LIMITS],
    bundle,
    ...(egress && { egress }),
  });
  if (!carried) return end();
  if (!(await steps.run("files", () => checkFiles(carried.restored)))) return end();
  const before = cable.arrived().packets;
  let stage: Stage | undefined;
  await steps.run("gateway", async () => {
    const program = toProgram(carried.restored, options.installed);
    await options.editThere(there, `models.providers.${PROVIDER}`, CLOUD);
    stage = await openStage({ options, places, cable, program: program.words, limits }, signal);
    return program.isRestored
      ? "the restored program, with the restored state folder"
      : "the installed program (the bundle has none), with the restored state folder";
  });
  if (!stage) return end();
  await rehearse({ stage, steps, limits, places, options }, signal);
  await steps.run("silence", async () => silent(cable.arrived().packets - before));
  await recover({ stage, steps, cable }, signal);
  return end(await fireCanaries({ ...range, stage, steps, cable, limits }, signal));
}

/** The provider that is added to the config; its one model is never to be reached. */
const PROVIDER = "isopod-drill";

async function openStage(
  {
    options,
    places,
    cable,
    program,
    limits,
  }: {
    options: DrillOptions;
    places: DrillPlaces;
    cable: Cable;
    program: readonly string[];
    limits: string[];
  },
  signal: AbortSignal,
): Promise<Stage> {
  const { programs, dial, home, env, path, installed } = options;
  const needed = [installed.root, installed.node];
  const covered = await coverOriginals(cable, { home, env, needed }, places);
  limits.push(...covered.limits);
  return startStage(
    {
      programs,
      dial,
      env: { ...covered.env, PATH: path },
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

type Rehearsal = {
  stage: Stage;
  steps: Steps;
  limits: string[];
  places: DrillPlaces;
  options: DrillOptions;
};

async function rehearse(
  { stage, steps, limits, places, options }: Rehearsal,
  signal: AbortSignal,
): Promise<void> {
  await steps.run("health", () => checkHealth(stage, signal));
  const approved = options.approved();
  await steps.run("model", () => checkModel(stage, { approved, limits }, signal));
  await steps.run("chat", () => checkChat(stage, signal));
  await steps.run("stream", () => checkStream(stage, signal));
  await steps.run("tool", () => checkTool(stage, signal));
  await steps.run("search", () => checkSearch(stage, places.papers, signal));
  await steps.run("app", () => checkApp(stage, signal));
}

function silent(frames: number): string {
  if (frames > 0) throw missed(`${frames} frames left`);
  return "0 frames, as the kernel at the far end of the cable counted";
}

/** The gateway looks every five seconds by itself, and when it is asked. */
const LINK_MS = 15_000;
const LOOK_MS = 500;
/** Whatever would go out by itself has gone by then. */
const SILENCE_MS = 3_000;

async function recover(
  { stage, steps, cable }: { stage: Stage; steps: Steps; cable: Cable },
  signal: AbortSignal,
): Promise<void> {
  await steps.run("recovery", async () => {
    const was = await readStatus(stage, signal);
    const before = cable.arrived().packets;
    await cable.lead();
    let now = was;
    for (let left = LINK_MS; now.link.state === was.link.state && left > 0; left -= LOOK_MS) {
      await pause(LOOK_MS, undefined, { signal });
      now = await readStatus(stage, signal);
    }
    const states = `${was.link.state} (${was.link.reason}) to ${now.link.state} (${now.link.reason})`;
    if (now.link.state === was.link.state) throw missed(`the link is told as before: ${states}`);
    if (now.mode !== was.mode) throw missed(`the mode went from ${was.mode} to ${now.mode}`);
    await checkChat(stage, signal);
    await pause(SILENCE_MS, undefined, { signal });
    silent(cable.arrived().packets - before);
    return `told: ${states}; mode ${now.mode} as before, a chat is answered, 0 frames left`;
  });
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

/** Whether a machine is none on which a drill can be by itself. */
export const isWithoutNamespaces = (error: unknown): boolean =>
  error instanceof Fault && (error.code === "PROVE_IMPOSSIBLE" || error.code === "PROGRAM_MISSING");
