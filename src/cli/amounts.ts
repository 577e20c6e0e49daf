/** Sizes, times and shares as people read them. Pure. */

/** Decimal units, as disks and downloads are sold. */
export function describeSize(bytes: number): string {
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

export function describeSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** By the calendar of this machine: "2026-11-21 15:04:05". */
export const describeTime = (at: number) => new Date(at).toLocaleString("sv");

export const describeShare = (share: number) => `${Math.round(share * 100)}%`;

/** Wide enough to see it move, and short enough for a terminal of 80 columns with its figures. */
const BAR_CELLS = 20;

export function drawBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return `[${"#".repeat(full)}${"-".repeat(BAR_CELLS - full)}]`;
}
