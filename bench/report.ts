import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Row = {
  what: string;
  is: number;
  /** What to stay under, or with `more` what to reach. */
  reach?: number;
  more?: boolean;
  /** OpenClaw 2026.9.6, measured on two cores of this class. */
  theirs?: number;
};

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, is, reach, more, theirs }) => {
    const met = reach === undefined ? "" : (more ? is >= reach - 0.05 : is <= reach) ? "yes" : "NO";
    const goal = reach === undefined ? "" : `${more ? "≥" : "≤"} ${reach}`;
    return [what, is.toFixed(is < 20 ? 1 : 0), goal, met, theirs === undefined ? "" : `${theirs}`];
  });
  return [
    ["", "measured", "goal", "met", "OpenClaw"],
    ["---", "---:", "---:", "---", "---:"],
    ...lines,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

export const readKey = (home: string) => readFileSync(join(home, "admin.key"), "utf8").trim();
