import { MAX_TERM_SECONDS, MIN_TERM_SECONDS } from "../protocol/reach.ts";

const SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/** "90m", "2h", "1h30m", "1d": in seconds. Undefined for what is none, or is shorter or longer than a term may be. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,6}[mhd])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)([mhd])/g)) {
    seconds += Number(count) * (SECONDS[unit] ?? 0);
  }
  return seconds >= MIN_TERM_SECONDS && seconds <= MAX_TERM_SECONDS ? seconds : undefined;
}
