/** Mode and link for people. Pure. */

import type { LinkStatus } from "../protocol/event.ts";
import type { ModeReport } from "../protocol/reach.ts";
import { describeMode } from "./describe.ts";

export function describeModeReport(report: ModeReport): string[] {
  const { mode, kept, until, setBy, setAt, cap, limits, link } = report;
  const row = (name: string, text: string) => `  ${name.padEnd(9)}  ${text}`;
  const set = [setAt && describeTime(setAt), setBy && `by ${setBy}`].filter(Boolean).join(" ");
  return [
    describeMode(mode),
    ...(until === null ? [] : [row("until", `${describeUntil(until)}, then ${kept}`)]),
    ...(set === "" ? [] : [row("set", set)]),
    row("at most", cap),
    ...limits.map(({ by, text }) => row(`by ${by}`, text)),
    row("link", describeLinkStatus(link)),
    ...(link.override ? [row("", `a person said "${link.override}": isopod mode link auto`)] : []),
  ];
}

export const describeUntil = (until: number | "restart") =>
  until === "restart" ? "the gateway starts anew" : describeTime(until);

export const describeLinkStatus = ({ state, reason, since }: LinkStatus) =>
  `${state}: ${reason}, since ${describeTime(since)}`;

/** Local time, as a person's clock shows it. */
function describeTime(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
