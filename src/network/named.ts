/** The hosts that the config names, as it writes them, and which of them one would try. Pure. */

import { isIP } from "node:net";

import { Fault } from "../base/fault.ts";
import type { Mode } from "../protocol/event.ts";
import { isLocalhostName, normalizeHost, readAddress } from "./address.ts";
import { isOfInternet } from "./link-outcome.ts";
import { toAllowedHost } from "./policy.ts";

export type Named = {
  /** A URL, or a host with or without a port. */
  value: string;
  /** The setting that names it. */
  setting: string;
};

/**
 * The host that a person wants, undefined where the config does not name it; without a wish the first that the
 * mode reaches beyond this machine, the internet's first. Throws `MODE_CHECK_NOTHING`.
 */
export function chooseNamed(named: readonly Named[], mode: Mode, wanted: string | undefined) {
  const all = named.flatMap(({ value, setting }) => {
    const host = toAllowedHost(value, setting)?.host;
    return host === undefined ? [] : [{ host, setting, url: toUrl(value, host) }];
  });
  if (wanted !== undefined) {
    const host = toAllowedHost(wanted, "")?.host ?? normalizeHost(wanted);
    return all.find((each) => each.host === host);
  }
  const outside = all.filter(({ host }) => isOfInternet(host));
  const near = all.filter(({ host }) => !isOfInternet(host) && !isOfMachine(host));
  const [first] = mode === "device" ? [] : mode === "internet" ? [...outside, ...near] : near;
  if (!first) throw new Fault("MODE_CHECK_NOTHING", { mode });
  return first;
}

/** Whether it is on the LAN or in the mesh. */
export function isNear({ value, setting }: Named): boolean {
  const host = toAllowedHost(value, setting)?.host;
  return host !== undefined && !isOfInternet(host) && !isOfMachine(host);
}

/** How many hosts of the internet these are. */
export function countFar(named: readonly Named[]): number {
  const hosts = named.map(({ value, setting }) => toAllowedHost(value, setting)?.host ?? "");
  return new Set(hosts.filter((host) => host !== "" && isOfInternet(host))).size;
}

const isOfMachine = (host: string) =>
  isLocalhostName(host) || readAddress(host)?.class === "device";

/** With the port that the config names, whatever a person wrote. */
const toUrl = (value: string, host: string): string => {
  if (/^https?:\/\//i.test(value.trim())) return value.trim();
  const port = /:(\d+)$/.exec(value.trim())?.[1];
  const name = isIP(host) === 6 ? `[${host}]` : host;
  // A bare name of the internet is spoken to in TLS; on a port of its own is what speaks plainly.
  return port && isIP(value) === 0 ? `http://${name}:${port}` : `https://${name}`;
};
