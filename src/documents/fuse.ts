/**
 * Several rankings as one, by reciprocal rank (Cormack, Clarke and Büttcher, SIGIR 2009): what stands high in any
 * of them does in all, and their scores, which have nothing in common, are not compared. Pure.
 */
export function fuse(rankings: readonly (readonly number[])[]): number[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings) {
    for (const [place, id] of ranking.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (DAMPING + place + 1));
    }
  }
  return Array.from(scores)
    .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([id]) => id);
}

/** The paper's own: with less the first places alone would decide. */
const DAMPING = 60;
