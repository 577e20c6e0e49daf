/**
 * The link: what is possible now, beside the mode, which is what a person allows. It is seen from files of
 * the system and from requests that were made anyway; nothing is ever sent to find it out.
 */

import type { Link, LinkOverride, Locality, Mode } from "../protocol/event.ts";
import type { Outcome } from "./link-outcome.ts";

/** What may be reached, and what can be. */
export type Reach = {
  mode: Mode;
  link: Link;
  /** For people, a half-sentence: "no default route", "api.example answered". */
  reason: string;
  /** Since when the link is so, in ms since 1970. */
  since: number;
  /** Whether the config names a host of the LAN or the mesh: without one, nobody misses a network in mode private. */
  named: boolean;
};

export interface LinkWatch {
  /** Looks at the system's files where the last look is older than a second; never waits. */
  reach(): Reach;
  /** Hears of every request's end, as the guard saw it. */
  saw(outcome: Outcome): void;
  /** What a person tried by hand: it counts at once, whatever is being waited for. */
  checked(outcome: Outcome): void;
  /** A person's word for it; undefined gives it back to what is seen. */
  override(said: LinkOverride | undefined): void;
  readonly overridden: LinkOverride | undefined;
  /** Called after each change. A listener that throws is logged and keeps nobody else from hearing of it. */
  onChange(listener: (reach: Reach) => void): () => void;
  /** Ends the looking. May be called twice. */
  close(): void;
}

/**
 * Whether there is a way to what is there. Only what is certain counts: a link that is degraded may work for
 * the next request, and where nobody knows the place nobody knows the way either.
 */
export function hasWay(link: Link, locality: Locality): boolean {
  if (locality === "lan" || locality === "mesh") return link !== "no-link";
  return locality !== "cloud" || !CUT_OFF.has(link);
}

/** There is no internet, or somebody in the way who answers in its place. */
const CUT_OFF: ReadonlySet<Link> = new Set<Link>(["no-link", "local", "portal"]);

/** Whether something in this mode does not work for want of a link; then people and models are told. */
export const isHindered = ({ mode, link, named }: Reach): boolean =>
  (mode === "internet" && (CUT_OFF.has(link) || link === "degraded")) ||
  (mode === "private" && link === "no-link" && named);

/** For people: "the internet cannot be reached (no default route)". */
export function describeLink({ link, reason }: Pick<Reach, "link" | "reason">): string {
  return `${SAID[link]} (${reason})`;
}

/** For the model, in a sentence that stays in the prompt; undefined where nothing is the matter. */
export const tellModel = (reach: Reach): string | undefined =>
  isHindered(reach) ? ADVICE[reach.link] : undefined;

/** Without a reason: it would change the sentence, and models mend no cables. */
const ADVICE: Readonly<Partial<Record<Link, string>>> = {
  "no-link": "no network is connected; work with what is on this computer",
  local: "the internet is not reachable now; work with local files and documents",
  degraded: "the internet does not answer now; work with local files and documents",
  portal: "the internet is not reachable now; work with local files and documents",
};

const SAID: Readonly<Record<Link, string>> = {
  "no-link": "no network is connected",
  local: "there is a local network and no way to the internet",
  unknown: "nobody has tried the internet yet",
  online: "the internet answers",
  degraded: "the internet does not answer",
  portal: "something on the way answers in place of the internet, such as a sign-in page",
};
