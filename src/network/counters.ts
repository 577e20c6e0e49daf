/** The kernel's own counters of a network namespace: below any process in it, and in nobody's hands but root's. */

import { readFileSync, readlinkSync } from "node:fs";

import type { Counters } from "../protocol/counters.ts";
import type { Ledger } from "./ledger.ts";

/** Of this process, or of another one of the same user. Undefined where there are none (macOS) or it has ended. */
export function readCounters(pid: number | "self" = "self"): Counters | undefined {
  try {
    const namespace = readlinkSync(`/proc/${pid}/ns/net`);
    return { namespace, ...parseCounters(readFiles(`/proc/${pid}/net`)) };
  } catch {
    return undefined; // no /proc, no such process, or one of somebody else: nothing was counted, and it is said
  }
}

/** Something may be sent between two of the files: they are taken when the first one has stayed as it was. */
const TRIES = 20;

function readFiles(folder: string): CounterFiles {
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  for (let left = TRIES; ; left--) {
    const snmp = read("snmp");
    const rest = { netstat: read("netstat"), snmp6: readOptional(read, "snmp6"), dev: read("dev") };
    if (left === 0 || read("snmp") === snmp) return { snmp, ...rest };
  }
}

/** A kernel without IPv6 has no such file. */
function readOptional(read: (name: string) => string, name: string): string {
  try {
    return read(name);
  } catch {
    return "";
  }
}

export type CounterFiles = { dev: string; snmp: string; netstat: string; snmp6: string };

/** From `/proc/net/dev`, `snmp`, `netstat` and `snmp6` (man 5 proc_pid_net). */
export function parseCounters(files: CounterFiles): Omit<Counters, "namespace"> {
  const interfaces: string[] = [];
  const [sum, lo] = [
    { frames: 0, sentBytes: 0, receivedBytes: 0 },
    { loFrames: 0, loBytes: 0 },
  ];
  for (const [, name = "", numbers = ""] of files.dev.matchAll(/^\s*([^\s:|]+):\s*(.*)$/gm)) {
    const [received = 0, , , , , , , , sent = 0, frames = 0] = numbers.split(/\s+/).map(Number);
    if (name === "lo") Object.assign(lo, { loFrames: frames, loBytes: sent });
    else {
      interfaces.push(name);
      sum.receivedBytes += received;
      sum.sentBytes += sent;
      sum.frames += frames;
    }
  }
  const six = (name: string) =>
    Number(new RegExp(`^${name}\\s+(\\d+)`, "m").exec(files.snmp6)?.[1] ?? 0);
  return {
    interfaces,
    ...sum,
    ...lo,
    requests: valueOf(files.snmp, "Ip", "OutRequests") + six("Ip6OutRequests"),
    octets: valueOf(files.netstat, "IpExt", "OutOctets") + six("Ip6OutOctets"),
    chatter: CHATTER.reduce((total, name) => total + six(`Icmp6Out${name}`), 0),
    resent: valueOf(files.snmp, "Tcp", "RetransSegs"),
  };
}

/** A line of names, and one of values below it. */
function valueOf(text: string, protocol: string, name: string): number {
  const rows = text.split("\n").filter((line) => line.startsWith(`${protocol}: `));
  const [names = "", values = ""] = rows;
  return Number(values.split(" ")[names.split(" ").indexOf(name)] ?? 0);
}

const CHATTER = [
  "RouterSolicits",
  "NeighborSolicits",
  "NeighborAdvertisements",
  "GroupMembResponses",
  "MLDv2Reports",
];

/** Close enough for a session to have an edge of its own, and not so close that it fills the ledger. */
const EVERY_MS = 5_000;
/** Without any other line the counters are kept now and then all the same, where they changed. */
const IDLE_MS = 600_000;

/**
 * Keeps the counters in the ledger: at the start, at the end, and after lines that came between. Returns what
 * ends it. Does nothing where nothing is counted.
 */
export function keepCounters(
  ledger: Pick<Ledger, "append" | "appended">,
  read: () => Counters | undefined = readCounters,
): () => void {
  let last = note(ledger, read(), START);
  if (!last) return () => {};
  let seen = ledger.appended();
  let idleMs = 0;
  const look = () => {
    idleMs += EVERY_MS;
    const hasLines = ledger.appended() > seen;
    if (!hasLines && idleMs < IDLE_MS) return;
    const now = read();
    if (!hasLines && now?.frames === last?.frames) return;
    last = note(ledger, now, LATER);
    seen = ledger.appended();
    idleMs = 0;
  };
  const timer = setInterval(look, EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    note(ledger, read(), LATER);
  };
}

/** The first counters of a run: what was counted before is not the gateway's. */
export const START = "counters.start";
const LATER = "counters";

function note(
  ledger: Pick<Ledger, "append">,
  counters: Counters | undefined,
  purpose: string,
): Counters | undefined {
  if (!counters) return undefined;
  const { namespace, interfaces, sentBytes, receivedBytes, ...counted } = counters;
  const address = interfaces.join(",");
  const names = {
    kind: "counters",
    purpose,
    host: namespace,
    address,
    verdict: "allowed",
  } as const;
  ledger.append({ ...names, sentBytes, receivedBytes, counters: counted });
  return counters;
}
