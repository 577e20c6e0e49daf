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
