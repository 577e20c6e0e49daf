/** The time as this browser's clock shows it, with the day where it is not today's. */
export function toClock(at: number, now = Date.now()): string {
  const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  if (isToday) return time;
  const day = new Date(at).toLocaleDateString([], { day: "numeric", month: "short" });
  return `${day}, ${time}`;
}
