/** From a bundle to a machine that can work: refuse, verify, stage, switch. */

import { Fault } from "../../base/fault.ts";
import type { OnProgress } from "../format/carry.ts";
import { createMeter } from "../format/meter.ts";
import { openSigned, verifyObjects } from "../format/verify-bundle.ts";
import { endRestore, readRestoreJournal, switchAll, writeRestoreJournal } from "./journal.ts";
import type { Machine } from "./place.ts";
import { checkContents, checkPlaces, type Placement, type Wanted } from "./preflight.ts";
import { stage, type StageDeps, stagingOf } from "./stage.ts";

export type RestoreOrder = Wanted & {
  path: string;
  trusted: readonly string[];
  dryRun: boolean;
};

export type RestoreDeps = {
  machine: Machine;
  /** Keeps gateways and other restores out of the state folder. Throws `STORE_LOCKED`. */
  lock: () => { release(): void };
  cleanStore: StageDeps["cleanStore"];
};

export type Restored = {
  bundle: string;
  signer: string;
  dryRun: boolean;
  /** An earlier restore that had been ended in the middle of the switch was brought to its end first. */
  wentOn: boolean;
  placed: { id: string; kind: string; path: string; aside?: string }[];
  /** What was there already, byte for byte. */
  kept: string[];
};

/**
 * Throws what `openSigned`, `checkPlaces`, `verifyObjects` and `checkContents` do, and `BUNDLE_SIGNER_UNKNOWN`; then
 * nothing has been touched.
 */
export async function restore(
  order: RestoreOrder,
  deps: RestoreDeps,
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<Restored> {
  const { machine } = deps;
  const wentOn = order.dryRun ? false : await goOn(deps);
  const bundle = await openSigned(order.path, order.trusted);
  const { manifest, signer } = bundle;
  if (!signer.trusted)
    throw new Fault("BUNDLE_SIGNER_UNKNOWN", { key: signer.key, path: order.path });
  const { placements, kept, objects } = await checkPlaces(bundle, machine, order, signal);
  await verifyObjects(bundle, objects, { onProgress, signal });
  await checkContents(bundle, placements, order, signal);
  const report = { bundle: manifest.id, signer: signer.key, dryRun: order.dryRun, wentOn };
  if (!order.dryRun) {
    const lock = deps.lock();
    try {
      await place(placements, { ...deps, order, bundle, onProgress, signal });
    } finally {
      lock.release();
    }
  }
  return { ...report, placed: placements.map(toPlaced), kept };
}

/** Brings a switch that was ended in the middle to its end. False where there is none. */
export async function goOn({ machine, lock }: RestoreDeps): Promise<boolean> {
  const journal = await readRestoreJournal(machine.home);
  if (journal?.phase !== "switching") return false;
  const held = lock();
  try {
    await switchAll(machine.home, journal);
  } finally {
    held.release();
  }
  return true;
}

type Work = RestoreDeps & {
  order: RestoreOrder;
  bundle: Awaited<ReturnType<typeof openSigned>>;
  onProgress: OnProgress;
  signal: AbortSignal;
};

async function place(placements: readonly Placement[], work: Work): Promise<void> {
  const { machine, bundle, order, cleanStore, onProgress, signal } = work;
  const { home } = machine;
  const staging = [...new Set(placements.map(stagingOf))];
  const earlier = await readRestoreJournal(home);
  if (earlier && earlier.bundle !== bundle.digest) await endRestore(home, earlier.staging);
  const journal = { bundle: bundle.digest, staging, steps: [] };
  await writeRestoreJournal(home, { ...journal, phase: "staging" });
  const total = placements.reduce((all, one) => all + sizeOf(one), 0);
  const meter = createMeter(onProgress, total);
  const deps = { source: bundle.source, passphrase: order.passphrase, cleanStore, signal };
  try {
    const steps = [];
    for (const placement of placements) {
      const onBytes = meter(placement.artefact.title);
      steps.push(await stage(placement, { ...deps, onBytes }));
    }
    await writeRestoreJournal(home, { ...journal, phase: "switching", steps });
    await switchAll(home, { ...journal, phase: "switching", steps });
  } catch (error) {
    // Stopped by a person, or refused at the last look: nothing is in place yet, and it does not stay half done.
    const { phase } = (await readRestoreJournal(home)) ?? {};
    if (phase === "staging") await endRestore(home, staging);
    throw error;
  }
}

const sizeOf = ({ from }: Placement) => ("object" in from ? from.object.sizeBytes : 0);

const toPlaced = ({ artefact: { id, kind }, path, aside }: Placement) => ({
  id,
  kind,
  path,
  ...(aside !== undefined && { aside }),
});
