/**
 * What the mode keeps from being asked at all. Even the question for a name leaves the machine, so this is
 * decided by config's word or the looks of the address; what it leads to is checked again by the guard.
 */

import { Fault } from "../base/fault.ts";
import { describeLink, hasWay, type Reach } from "../network/link.ts";
import type { Locality, Mode } from "../protocol/event.ts";
import { allows, howToAllow, type Place, placeOfAddress } from "./locality.ts";

/** Where an address leads before anything is asked. A name of the LAN that looks public needs config's word. */
export const placeBeforehand = (address: {
  baseUrl: string;
  settings?: { locality?: Locality | undefined } | undefined;
}): Place =>
  address.settings?.locality
    ? { locality: address.settings.locality, why: "as config declares" }
    : placeOfAddress(address.baseUrl);

/** A private session reaches as far as mode private does, also where the mode is wider. */
const PRIVATE: Mode = "private";

/** Throws `MODEL_SESSION_PRIVATE`. */
export function checkPrivate(
  { ref, provider }: { ref: string; provider: string },
  { locality, why }: Place,
): void {
  if (!allows(PRIVATE, locality)) {
    throw new Fault("MODEL_SESSION_PRIVATE", {
      ref,
      provider,
      where: `${toWhere(locality)}, ${why}`,
    });
  }
}

const toWhere = (locality: Locality) =>
  locality === "unknown" ? "nobody knows where it runs" : `it is ${locality}`;

/** What a person and the config allow, and what the link makes possible. */
export type Limits = {
  mode: () => Mode;
  /** The widest mode that config lets a person allow; internet without it. */
  cap?: Mode | undefined;
  /** The listener is called after each change. */
  onMode?: ((listener: () => void) => void) | undefined;
  /** What can be reached now; everything where it is absent. */
  reach?: (() => Pick<Reach, "link" | "reason">) | undefined;
};

/** Throws `MODEL_NOT_ALLOWED`. */
export function checkMode(
  { ref, provider }: { ref: string; provider: string },
  { locality, why }: Place,
  { mode: modeNow, cap }: Pick<Limits, "mode" | "cap">,
): void {
  const mode = modeNow();
  if (allows(mode, locality)) return;
  const allow = howToAllow(locality, { provider, cap });
  throw new Fault("MODEL_NOT_ALLOWED", { ref, mode, why: `${toWhere(locality)}, ${why}`, allow });
}

/** Throws `MODEL_NOT_ALLOWED`, and `MODEL_LINK_DOWN` for what nothing leads to now: nobody waits for a time-out. */
export function checkReach(
  asked: { ref: string; provider: string },
  place: Place,
  limits: Limits,
): void {
  checkMode(asked, place, limits);
  const seen = limits.reach?.();
  if (!seen || hasWay(seen.link, place.locality)) return;
  throw new Fault("MODEL_LINK_DOWN", { ref: asked.ref, link: describeLink(seen) });
}
