/** From which day on something is counted. Pure. */

import { dayOf, monthOf } from "./books.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A day ("2026-11-01"), a number of days with today among them ("7d"), "today", "month", or "all". This
 * month without a word. Undefined for anything else.
 */
export function parseSince(text: string | null, now: number): string | undefined {
  const today = dayOf(now);
  if (text === null || text === "" || text === "month") return monthOf(today);
  if (text === "today") return today;
  if (text === "all") return "0000-01-01";
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) {
    // At noon: a day of 23 or 25 hours must not shift the count.
    const noon = new Date(`${today}T12:00:00`).getTime();
    return Number(days) > 0 ? dayOf(noon - (Number(days) - 1) * DAY_MS) : undefined;
  }
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

/** The first millisecond of a day, by the calendar of this machine. */
export const startOfDay = (day: string): number => new Date(`${day}T00:00:00`).getTime();
