/**
 * Where inference happens. Pure: evidence in, verdict and its reason out. A URL alone proves nothing:
 * behind localhost may be a tunnel, a proxy, another person's program, or a model in the cloud.
 */

import {
  isLocalhostName,
  isNameOfLan,
  isNameOfMesh,
  normalizeHost,
  readAddress,
} from "../network/address.ts";
import type { Locality, Mode } from "../protocol/event.ts";
import { presetOf, type ProductId } from "./presets.ts";

/** Who has a port of this machine open, as the operating system tells. */
export type Listener = { uid: number; program?: string | undefined };

/** Undefined where the operating system does not tell. */
export type ListenerOf = (port: number, signal: AbortSignal) => Promise<Listener | undefined>;

export type Place = {
  locality: Locality;
  /** For people: why it is taken for that. */
  why: string;
};

export type Evidence = {
  baseUrl: string;
  /** What the server proved to be. */
  product: ProductId;
  /** For loopback addresses. */
  listener?: Listener | undefined;
  ownUid: number;
  /** What the config declares. */
  declared?: "device" | "lan" | "mesh" | "cloud" | undefined;
};

/**
 * Where a server runs, by all that is known of it. Its models may still be elsewhere (`placeOfModel`).
 * What cannot be seen: a forwarder that root runs, since its program's name is not ours to read.
 */
export function placeOf(evidence: Evidence): Place {
  const { baseUrl, product, declared } = evidence;
  if (declared) return { locality: declared, why: "as config declares" };
  const { name, runsModels } = presetOf(product);
  const address = placeOfAddress(baseUrl);
  if (address.locality === "cloud" || address.locality === "unknown") return address;
  if (!runsModels) {
    return { locality: "unknown", why: `${name} may forward to anywhere, and does not say` };
  }
  if (address.locality !== "device" || baseUrl.startsWith("unix:")) return address;
  return placeOfListener(evidence.listener, evidence.ownUid, name);
}

/** A model that says it is in the cloud is there, whoever declares otherwise. */
export function placeOfModel(own: Locality, server: Place): Place {
  if (own === "cloud")
    return { locality: "cloud", why: "its server says that it runs in the cloud" };
  if (own === "embedded") return { locality: "embedded", why: "our own engine runs it" };
  return server;
}

/** System accounts are below it on all Linux distributions (login.defs, UID_MIN). */
const FIRST_ORDINARY_UID = 1000;

function placeOfListener(listener: Listener | undefined, ownUid: number, name: string): Place {
  if (!listener) {
    return { locality: "unknown", why: "this system does not say which program listens there" };
  }
  const { uid, program } = listener;
  if (program !== undefined && isForwarder(program)) {
    return { locality: "unknown", why: `"${program}" listens there, which forwards to elsewhere` };
  }
  // Inside a user namespace everybody else is 65534, "nobody": that is somebody unknown, and refused here.
  if (uid >= FIRST_ORDINARY_UID && uid !== ownUid) {
    return { locality: "unknown", why: `it belongs to another user of this machine (uid ${uid})` };
  }
  return { locality: "device", why: `${name} runs on this machine` };
}

/**
 * Programs that take connections for others: tunnels, relays, proxies. Docker's own are not among them,
 * they lead to a container on this machine.
 */
const FORWARDERS = new Set(
  `ssh sshd autossh dropbear mosh-client socat nc ncat netcat kubectl kubefwd oc telepresence haproxy nginx
  envoy caddy traefik squid tinyproxy stunnel stunnel4 rinetd redir simpleproxy ngrok cloudflared
  tailscaled frpc frps chisel gost bore rathole gsocket gs-netcat plink litellm iap-tunnel gcloud
  cloud-sql-proxy aws session-manager-plugin flyctl`.split(/\s+/),
);

/** Linux cuts names after 15 characters. */
function isForwarder(program: string): boolean {
  const name = program
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/\.exe$/, "");
  // sshd names its sessions "sshd: kim@notty".
  const first = name.split(/[\s:]/)[0] ?? name;
  return FORWARDERS.has(first) || (first.length === 15 && startsOne(first));
}

const startsOne = (cut: string) => [...FORWARDERS].some((name) => name.startsWith(cut));

/** What an address tells by itself; "device" still has to be proved. */
export function placeOfAddress(baseUrl: string): Place {
  if (baseUrl.startsWith("unix:")) return { locality: "device", why: "a socket of this machine" };
  const host = normalizeHost(URL.parse(baseUrl)?.hostname ?? "");
  if (isLocalhostName(host)) return { locality: "device", why: "an address of this machine" };
  const known = readAddress(host)?.class;
  switch (known) {
    case "device":
      return { locality: "device", why: "an address of this machine" };
    case "lan":
      return { locality: "lan", why: "an address of the local network" };
    case "mesh":
      return { locality: "mesh", why: "an address of the mesh" };
    case "public":
      return { locality: "cloud", why: "a public address" };
    case "never":
      return { locality: "unknown", why: "an address that stands for no machine" };
    case undefined:
      return placeOfName(host);
  }
}

function placeOfName(host: string): Place {
  if (host === "") return { locality: "unknown", why: "no address" };
  if (isNameOfMesh(host)) return { locality: "mesh", why: "a name of the mesh" };
  return isNameOfLan(host)
    ? { locality: "lan", why: "a name of the local network" }
    : { locality: "cloud", why: "a public name" };
}

const REACH: Record<Mode, readonly Locality[]> = {
  device: ["embedded", "device"],
  private: ["embedded", "device", "lan", "mesh"],
  internet: ["embedded", "device", "lan", "mesh", "cloud", "unknown"],
};

/** Unknown is treated as cloud: what is not proved private is not used as private. */
export const allows = (mode: Mode, locality: Locality) => REACH[mode].includes(locality);

/** The one act that lets a masked model answer, under the widest mode that config allows. */
export function howToAllow(
  locality: Locality,
  { provider, cap }: { provider: string; cap?: Mode | undefined },
): string {
  if (locality === "lan" || locality === "mesh") return "Allow it with `isopod mode set private`";
  const isCapped = cap !== undefined && !allows(cap, "cloud");
  const widen = isCapped
    ? "`offline: true` in the config forbids that: remove it, restart, then type `isopod mode set internet`"
    : "`isopod mode set internet` allows it";
  if (locality === "cloud") {
    return isCapped ? `Only mode internet reaches it, and ${widen}` : ALLOW_INTERNET;
  }
  const own = `If it runs on a machine of yours, say so: set models.providers.${provider}.locality to "device", "lan" or "mesh"; else`;
  return isCapped ? `${own} only mode internet reaches it, and ${widen}` : `${own} ${widen}`;
}

const ALLOW_INTERNET = "Allow it with `isopod mode set internet`";
