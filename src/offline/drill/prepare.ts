/** What comes before the gateway of a drill starts, whatever its machine is. */

import { CLOUD } from "../prove/stage.ts";
import type { DrillOptions } from "./drill.ts";
import { checkFiles, type Env, restoreForDrill } from "./restored.ts";
import type { Steps } from "./steps.ts";

export type There = { home: string; env: Env };

/** What no drill shows; printed with each. */
export const BASE_LIMITS: readonly string[] = [
  "It ran beside your gateway, not in its place: conversations, keys and devices of yours were not in it, and its tools wrote into a folder of its own",
  "To the config that was restored one provider was added, at an address of nobody's, so that there is something to leak to",
  "No other device was asked: models on machines of the LAN, messengers and the app in a browser were not tried",
  "It holds for this bundle on this machine, on the day it was made",
];

/** The provider that is added; its one model is never to be reached. */
export const PROVIDER = "isopod-drill";

export const addProvider = ({ editThere }: DrillOptions, there: There) =>
  editThere(there, `models.providers.${PROVIDER}`, CLOUD);

/** Restores, and looks whether all is there. `restored` is undefined where that failed; the steps say why. */
export async function prepare(
  options: DrillOptions,
  {
    there,
    folder,
    steps,
    limits,
  }: { there: There; folder: string; steps: Steps; limits: string[] },
  signal: AbortSignal,
) {
  const { offline, openThere, words, tell } = options;
  const carried = await restoreForDrill(
    offline,
    await openThere(there),
    { words, folder, steps, limits, tell },
    signal,
  );
  const isWhole =
    carried !== undefined && (await steps.run("files", () => checkFiles(carried.restored)));
  return { bundle: carried?.bundle ?? null, restored: isWhole ? carried.restored : undefined };
}
