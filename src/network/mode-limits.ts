import type { Mode } from "../protocol/event.ts";
import type { ModeReport } from "../protocol/reach.ts";
import { describeLink, isHindered, type Reach } from "./link.ts";
import { keptMode, type ModeState, modeOf } from "./mode-term.ts";
import { WIDTH } from "./policy.ts";

/** Who or what keeps the mode from being wider, or from being of use. Pure. */
export function toLimits(state: ModeState, cap: Mode, reach: Reach): ModeReport["limits"] {
  const limits: ModeReport["limits"] = [];
  const { term, kept } = state;
  const mode = modeOf(state, cap);
  const asked = term?.mode ?? keptMode(state);
  if (cap !== "internet") {
    const masks = WIDTH[asked] > WIDTH[cap] ? `; ${asked} was set, and does not hold` : "";
    limits.push({ by: "config", text: `\`offline: true\` allows ${cap} at most${masks}` });
  }
  if (WIDTH[mode] < WIDTH[cap]) {
    if (term) limits.push({ by: "person", text: `${term.mode} was set for a while` });
    else if (kept) limits.push({ by: "person", text: `${kept.mode} was set for good` });
    else limits.push({ by: "default", text: `nobody has set a mode, so it is ${mode}` });
  }
  if (isHindered(reach)) limits.push({ by: "link", text: describeLink(reach) });
  return limits;
}
