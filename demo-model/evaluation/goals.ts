/** What the demonstration model is to reach, and what counts as reached. */

export type Goal = {
  name: string;
  /** Percent; `most` is for what should not happen. */
  least?: number;
  most?: number;
};

/** By group; "Korean" is every Korean task. Steps and failures count there only: nobody set them a goal. */
export const GOALS = {
  find: { name: "find", least: 97 },
  read: { name: "read", least: 97 },
  write: { name: "write", least: 97 },
  edit: { name: "edit", least: 90 },
  run: { name: "run", least: 90 },
  korean: { name: "all Korean", least: 90 },
  unwanted: { name: "unwanted side effects", most: 1 },
} as const satisfies Record<string, Goal>;

/**
 * Of a whole evaluation exactly that share. A sample of a few prompts a group cannot show one percent: it may
 * be one prompt off.
 */
export function isReached(goal: Goal, count: number, all: number, isSample: boolean): boolean {
  const spare = isSample ? 1 : 0;
  if (goal.least !== undefined) return count + spare >= (all * goal.least) / 100;
  return count - spare <= (all * (goal.most ?? 0)) / 100;
}
