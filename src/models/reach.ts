/**
 * What the mode keeps from being asked at all. Even the question for a name leaves the machine, so this is
 * decided by config's word or the looks of the address; what it leads to is checked again by the guard.
 */

import { Fault } from "../base/fault.ts";
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

/** Throws `MODEL_NOT_ALLOWED`. */
export function checkMode(
  { ref, provider }: { ref: string; provider: string },
  { locality, why }: Place,
  mode: Mode,
): void {
  if (allows(mode, locality)) return;
  const where = locality === "unknown" ? "nobody knows where it runs" : `it is ${locality}`;
  const allow = howToAllow(locality, provider);
  throw new Fault("MODEL_NOT_ALLOWED", { ref, mode, why: `${where}, ${why}`, allow });
}
