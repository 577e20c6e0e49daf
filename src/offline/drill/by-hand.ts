/**
 * The drill where the system makes no namespaces: a person switches the network off and on again. It shows that all
 * works without one; that nothing could get out it cannot show, and says so.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import { type Stage, startStage } from "../prove/stage.ts";
import type { DrillOptions } from "./drill.ts";
import { addProvider, BASE_LIMITS, prepare, PROVIDER } from "./prepare.ts";
import { recover, rehearse } from "./rehearse.ts";
import type { Drill } from "./report.ts";
import { makePlaces, refuseMissingBundle, restoringEnv, toProgram } from "./restored.ts";
import { createSteps, missed, type Steps } from "./steps.ts";
import { readStatus } from "./talk.ts";

export type ByHandOptions = DrillOptions & {
  /** Words before the program; none, but for tests. */
  enter?: readonly string[];
  /** Asks the person to do something; false where nobody answers. */
  ask(what: string): Promise<boolean>;
};

const HAND_LIMITS: readonly string[] = [
  "The network was switched off by hand, and that it was off is what the system told: frames were not counted",
  "No canary was fired: that nothing could get out is not shown. `isopod egress prove` and this drill show it on Linux",
  "The originals were not hidden: a model server that ran already answered from its own files, not from the restored ones",
];

const OFF = "Switch the network off (Wi-Fi, cable, telephone, VPN), and press Enter";
const ON = "Switch the network on again, and press Enter";

/** Throws `BUNDLE_NOT_FOUND`, and the signal's reason. */
export async function drillByHand(options: ByHandOptions, signal: AbortSignal): Promise<Drill> {
  refuseMissingBundle(options.words);
  const folder = mkdtempSync(join(tmpdir(), "isopod-drill-"));
  try {
    return await drillIn(folder, options, signal);
  } finally {
    await options.programs.close(); // who still writes would keep the folder from going
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drillIn(
  folder: string,
  options: ByHandOptions,
  signal: AbortSignal,
): Promise<Drill> {
  const places = makePlaces(folder);
  const steps = createSteps(options.clock, options.tell, signal);
  const limits: string[] = [];
  const there = { home: places.home, env: restoringEnv(options.env, places) };
  const { bundle, restored } = await prepare(options, { there, folder, steps, limits }, signal);
  const end = (): Drill => ({
    ok: steps.done.every(({ ok }) => ok),
    steps: [...steps.done],
    limits: [...HAND_LIMITS, ...limits, ...BASE_LIMITS],
    bundle,
  });
  if (!restored) return end();
  let stage: Stage | undefined;
  await steps.run("gateway", async () => {
    const { words, isRestored } = toProgram(restored, options.installed);
    await addProvider(options, there);
    const { enter = [], programs, dial } = options;
    const env = toPlain({ ...there.env, PATH: options.path, ISOPOD_WORKSPACE: places.workspace });
    const own = { ...env, ISOPOD_GATEWAY_BIND: "unix" };
    const place = { home: places.home, workspace: places.workspace, ...NOWHERE };
    stage = await startStage(
      { programs, dial, env: own, program: [...enter, ...words], ...place },
      signal,
    );
    return isRestored ? "the restored program" : "the installed program (the bundle has none)";
  });
  if (!stage || !(await switchOff({ stage, steps, ask: options.ask }, signal))) return end();
  await talk(stage, { options, steps, limits, papers: places.papers }, signal);
  return end();
}

const NOWHERE = { cloud: `${PROVIDER}/best`, canWiden: false };

async function talk(
  stage: Stage,
  {
    options,
    steps,
    limits,
    papers,
  }: { options: ByHandOptions; steps: Steps; limits: string[]; papers: string },
  signal: AbortSignal,
): Promise<void> {
  const count = () => countLedger(stage, signal);
  const counted = await count();
  await rehearse({ stage, steps, limits, papers, approved: options.approved() }, signal);
  await steps.run("silence", counted);
  const lead = async () => {
    if (!(await options.ask(ON))) throw missed("nobody switched the network on again");
  };
  await recover({ stage, steps, lead, count, patienceMs: WIFI_MS }, signal);
}

/** Until Wi-Fi has found its network and an address. */
const WIFI_MS = 60_000;
/** Who has not found the switch by then ends it with Ctrl-C. */
const ASKED = 5;

async function switchOff(
  { stage, steps, ask }: { stage: Stage; steps: Steps; ask: ByHandOptions["ask"] },
  signal: AbortSignal,
): Promise<boolean> {
  return steps.run("off", async () => {
    let reason = "nobody answered";
    for (let left = ASKED; left > 0; left -= 1) {
      if (!(await ask(left === ASKED ? OFF : `It is still there: ${reason}. ${OFF}`))) break;
      const link = await readLink(stage, signal);
      if (isOff(link.state)) return `${link.state}: ${link.reason}`;
      reason = `the link is "${link.state}" (${link.reason})`;
    }
    throw missed(`the network was not switched off: ${reason}`);
  });
}

const isOff = (state: string) => state === "no-link" || state === "local";

/** What the system tells is a second late, and a radio some more. */
const OFF_MS = 5_000;
const LOOK_MS = 500;

async function readLink(stage: Stage, signal: AbortSignal) {
  let { link } = await readStatus(stage, signal);
  for (let left = OFF_MS; !isOff(link.state) && left > 0; left -= LOOK_MS) {
    await pause(LOOK_MS, undefined, { signal });
    ({ link } = await readStatus(stage, signal));
  }
  return link;
}

const Ledger = z.object({
  lines: z.array(
    z.looseObject({ kind: z.string(), host: z.string(), address: z.string(), at: z.number() }),
  ),
});

/** By the gateway's own ledger: which sockets it opened to anything but this machine. */
async function countLedger(stage: Stage, signal: AbortSignal) {
  const read = async () => {
    const { text } = await stage.ask("GET", "/api/ledger?limit=500", undefined, signal);
    const { lines } = Ledger.parse(JSON.parse(text)); // our own gateway's
    return lines.filter(({ kind, address }) => kind === "connection" && !isOwn(address));
  };
  const before = (await read()).length;
  return async () => {
    const now = await read();
    if (now.length > before) throw missed(`its ledger has a connection to ${now.at(-1)?.host}`);
    return "no connection beyond this machine in the gateway's ledger";
  };
}

const isOwn = (address: string) => /^(127\.|::1$|\[::1\]|unix|\/|$)/.test(address);

const toPlain = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
