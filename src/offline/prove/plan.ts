/** What is fired in a proof, and how a control that gets out is recognised. */

export type Shot = {
  name: string;
  kind:
    | "TCP"
    | "UDP"
    | "DNS"
    | "IPv6"
    | "ICMP"
    | "multicast"
    | "program"
    | "worker"
    | "redirect"
    | "rebinding"
    | "proxy"
    | "relay"
    | "model";
  /** Who fires it. */
  by: string;
  mode: "device" | "private" | "any";
  /** The name of the act, in the process that fires it. */
  act: string;
  from: "library" | "guard" | "sandbox" | "client" | "gateway";
  /** The trap hears the canary itself; what no program can listen for, the kernel counts. */
  seenBy: "canary" | "icmp" | "packets";
  /** Cannot be tried where there is no Perl. */
  needsPerl?: boolean;
};

const LIBRARY = "a library in the gateway's process";
const GUARD = "the gateway's own code, through the guard";

const library = (act: string, kind: Shot["kind"], more: Partial<Shot> = {}): Shot => ({
  name: act,
  act,
  kind,
  by: LIBRARY,
  mode: "any",
  from: "library",
  seenBy: "canary",
  ...more,
});

const guard = (act: string, kind: Shot["kind"]): Shot[] =>
  (["device", "private"] as const).map((mode) => ({
    name: act,
    act: `${act} ${mode}`,
    kind,
    by: GUARD,
    mode,
    from: "guard",
    seenBy: "canary",
  }));

const client = (act: string): Shot =>
  library(`${act}!`, "relay", {
    name: act,
    by: "a client of the gateway's Unix socket",
    from: "client",
  });

export const SHOTS: readonly Shot[] = [
  library("tcp", "TCP"),
  library("fetch", "TCP"),
  library("tcp-ipv6", "IPv6"),
  library("udp", "UDP"),
  library("multicast", "multicast", { seenBy: "packets" }),
  library("dns-lookup", "DNS"),
  library("dns-query", "DNS"),
  library("icmp-program", "ICMP", { seenBy: "icmp", needsPerl: true }),
  library("child-process", "program"),
  library("worker", "worker"),
  library("proxy-environment", "proxy"),
  ...guard("guard-public", "TCP"),
  ...guard("guard-decimal", "TCP"),
  ...guard("guard-ipv6", "IPv6"),
  ...guard("guard-name", "DNS"),
  ...guard("guard-rebinding", "rebinding"),
  ...guard("guard-redirect", "redirect"),
  ...guard("guard-proxy", "proxy"),
  library("sandbox", "program", { by: "a command that the model runs (`run`)", from: "sandbox" }),
  client("unix-relay"),
  client("unix-connect"),
  ...(["device", "private"] as const).map((mode): Shot => ({
    name: "cloud-model",
    act: "cloud-model",
    kind: "model",
    by: "the gateway itself, asked for a model on the internet",
    mode,
    from: "gateway",
    seenBy: "canary",
  })),
];

/** What canaries cannot show, whoever fires them. */
export const LIMITS: readonly string[] = [
  "The guard in the gateway's process is a seat belt: code that means harm and already runs in it can go round it (docs/network.md); a namespace without a network is the wall",
  "In mode private a name that the config lists is asked of the system's resolver, which may ask the internet",
  "The trap answers TCP on a few ports and questions for names; everything else it only counts, by the kernel's counter of the cable",
  "It says nothing of what is not Isopod: the system's time and update services, browsers, other programs and users; root can undo all of it",
];

/** What a proof cannot show besides; printed with each. */
export const PROOF_LIMITS: readonly string[] = [
  "A gateway of its own was tried, with the demonstration model: your model server, its onward traffic and your messengers were not",
  ...LIMITS,
  "In mode internet what the config names is contacted; it was used for the control only",
  "It holds for this version on this system, on the day it was made",
];
