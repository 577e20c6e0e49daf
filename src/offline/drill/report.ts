/** What a drill leaves behind. */

import type { Attempt } from "../prove/report.ts";
import type { Step } from "./steps.ts";

/** What `isopod offline drill --json` prints. */
export type Drill = {
  ok: boolean;
  steps: Step[];
  limits: string[];
  /** Null where none could be made or read. */
  bundle: DrilledBundle | null;
  /** Undefined where it came to no canary. */
  egress?: { escaped: number; control: { leaked: boolean }; attempts: Attempt[] };
};

export type DrilledBundle = {
  id: string;
  /** The key that signed it. */
  signer: string;
  /** Made for the drill, and gone with it. */
  made: boolean;
  platform: string;
  artefacts: { id: string; kind: string; title: string }[];
};

/** What no drill shows; printed with each. */
export const DRILL_LIMITS: readonly string[] = [
  "It ran beside your gateway, not in its place: conversations, keys and devices of yours were not in it, and its tools wrote into a folder of its own",
  "To the config that was restored one provider was added, at an address of nobody's, so that there is something to leak to",
  "No other device was asked: models on machines of the LAN, messengers and the phone's app were not tried",
  "It holds for this bundle on this machine, on the day it was made; a bundle of another day or a machine with other hardware wants its own",
];
