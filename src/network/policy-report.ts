/** What may be contacted, told before anything is: the same decision as for a request, for each host there is. */

import { z } from "zod";

import type { EgressChange, EgressEntry, EgressPolicy } from "../protocol/egress.ts";
import type { Mode } from "../protocol/event.ts";
import { isLocalhostName, normalizeHost, readAddress } from "./address.ts";
import type { AllowedHost, Policy } from "./egress.ts";
import { decideEgress, WIDTH } from "./policy.ts";

/** A host, or what else is reached, with the feature that asks for it. */
export type Reached = AllowedHost & {
  feature: string;
  /** Asked in this mode alone, whatever the host is. */
  only?: Mode;
};

export function reportPolicy(
  policy: Policy,
  { cap, reached }: { cap: Mode; reached: readonly Reached[] },
): EgressPolicy {
  const entries = reached.map((one) => toEntry(policy, one));
  return { mode: policy.mode, cap, entries: entries.toSorted(byHost) };
}

function toEntry(policy: Policy, { host: given, setting, feature, only }: Reached): EgressEntry {
  const host = given.startsWith("unix:") ? given : normalizeHost(given);
  const entry = { host, setting, feature, place: placeOf(host) };
  if (only) {
    const why = `it is asked in mode ${only} only`;
    if (WIDTH[policy.mode] >= WIDTH[only]) return { ...entry, verdict: "allowed", why };
    return { ...entry, verdict: "masked", why, needs: only };
  }
  if (host.startsWith("unix:")) {
    return { ...entry, verdict: "allowed", why: "a Unix socket is on this machine" };
  }
  const decision = decideEgress(policy, { kind: "tcp", host });
  if (decision.verdict === "allowed")
    return { ...entry, verdict: "allowed", why: REACHED[policy.mode] };
  if (decision.verdict === "resolve") {
    return { ...entry, verdict: "depends", why: DEPENDS[policy.mode] };
  }
  const needs = MODES.find(
    (mode) =>
      WIDTH[mode] > WIDTH[policy.mode] &&
      decideEgress({ ...policy, mode }, { kind: "tcp", host }).verdict !== "blocked",
  );
  return { ...entry, verdict: "masked", why: decision.why, ...(needs && { needs }) };
}

const MODES: readonly Mode[] = ["device", "private", "internet"];

const REACHED: Readonly<Record<Mode, string>> = {
  device: "it is this machine",
  private: "it is this machine, or a setting names it and it is in the LAN or mesh",
  internet: "a setting names it",
};

const DEPENDS: Readonly<Record<Mode, string>> = {
  device: "",
  private:
    "only where it leads into the LAN or mesh; the question to the resolver may leave this machine",
  internet: "wherever it leads",
};

function placeOf(host: string): EgressEntry["place"] {
  if (host.startsWith("unix:") || isLocalhostName(host)) return "device";
  const found = readAddress(host)?.class;
  return found === undefined ? "name" : found === "public" ? "internet" : found;
}

/** What became other than in a saved one: by host, setting and feature. */
export function diffPolicies(before: EgressPolicy, now: EgressPolicy): EgressChange[] {
  const old = new Map(before.entries.map((entry) => [keyOf(entry), entry]));
  const fresh = new Map(now.entries.map((entry) => [keyOf(entry), entry]));
  const changes: EgressChange[] = [];
  for (const [key, entry] of fresh) {
    const was = old.get(key);
    if (!was) changes.push({ change: "added", entry });
    else if (was.verdict !== entry.verdict) changes.push({ change: "changed", entry });
  }
  for (const [key, entry] of old) {
    if (!fresh.has(key)) changes.push({ change: "removed", entry });
  }
  return changes;
}

const keyOf = ({ host, setting, feature }: EgressEntry) => `${host}\n${setting}\n${feature}`;
const byHost = (one: EgressEntry, other: EgressEntry) => (keyOf(one) < keyOf(other) ? -1 : 1);

/** One that was saved; undefined for what is none. */
export function parsePolicy(text: string): EgressPolicy | undefined {
  try {
    return Saved.parse(JSON.parse(text));
  } catch {
    return undefined; // the caller names the file
  }
}

const Modes = z.enum(["device", "private", "internet"]);

const Saved = z.object({
  mode: Modes,
  cap: Modes,
  entries: z.array(
    z.object({
      host: z.string(),
      setting: z.string(),
      feature: z.string(),
      place: z.enum(["device", "lan", "mesh", "internet", "never", "name"]),
      verdict: z.enum(["allowed", "depends", "masked"]),
      why: z.string(),
      needs: Modes.exactOptional(),
    }),
  ),
});
