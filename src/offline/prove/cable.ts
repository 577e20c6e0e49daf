/**
 * Two network namespaces and a cable between them: in one the machine that is watched, in the other the trap
 * that is every address there is. Nothing outside them is touched. The neighbours are written down and
 * multicast is off, so that a machine that is silent sends nothing at all, not even a question for an address.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import { runProgram } from "../../process/run.ts";
import { type Talker, toTalker } from "./talker.ts";

export interface Cable {
  readonly trap: Talker;
  /** Words that run what follows them in the machine's namespaces. */
  readonly enter: readonly string[];
  /** Gives a machine that was laid `stranded` its way out; that alone sends nothing. */
  lead(): Promise<void>;
  /** Lays a folder over another, for the machine alone: what was there cannot be read any more. */
  cover(folder: string, by: string): Promise<void>;
  /** Frames that left the machine so far, as the kernel at the far end of the cable counted them. */
  arrived(): Arrived;
}

export type Arrived = { packets: number; icmp: number };

export type CableOptions = {
  programs: Pick<Programs, "start">;
  env: Readonly<Record<string, string>>;
  /** Folder of the proof: name server and hosts of the machine stand in it. */
  folder: string;
  /** Without a default route at first: the cable is in, and nothing leads anywhere. */
  stranded?: boolean;
};

const FAR = "02:00:00:00:00:01";
const NEAR = "02:00:00:00:00:02";

/** Throws `PROVE_IMPOSSIBLE` where the system makes no such namespaces. */
export async function layCable(options: CableOptions, signal: AbortSignal): Promise<Cable> {
  const { programs, env, folder } = options;
  const start = (words: readonly string[]) => {
    const [command = "", ...args] = words;
    return programs.start({
      command,
      args,
      purpose: "egress.prove",
      network: "none",
      env,
      listens: true,
      signal,
    });
  };
  const trap = toTalker(
    start(["unshare", "-rnm", "sh", "-ec", WORLD, process.execPath, TRAP, SERVES]),
  );
  await ready(trap, "ready");
  const world = into(trap.program.pid);
  const files = ["resolv.conf", "hosts"].map((name) => join(folder, name));
  const machine = toTalker(start([...world, "unshare", "-nm", "sh", "-ec", MACHINE, ...files]));
  await ready(machine, "machine");
  const enter = into(machine.program.pid);
  const run = async (words: readonly string[], script: string, given: readonly string[] = []) => {
    const [command = "", ...args] = [...words, "sh", "-ec", script, ...given];
    const ran = await runProgram(programs, {
      command,
      args,
      purpose: "egress.prove",
      network: "none",
      env,
      signal,
    });
    if (ran.exitCode !== 0) throw impossible(ran.stderr);
  };
  await run(world, `ip link set near netns ${machine.program.pid}`);
  await run(enter, PLUG);
  const lead = () => run(enter, LEAD);
  if (!options.stranded) await lead();
  await run(world, NEIGHBOURS("far", "198.51.100.2", "2001:db8:77::2", NEAR));
  const arrived = () => readArrived(trap.program.pid);
  await quiet(arrived, signal);
  const cover = (over: string, by: string) => run(enter, 'mount --bind "$0" "$1"', [by, over]);
  return { trap, enter, lead, cover, arrived };
}

const into = (pid: number) => [
  "nsenter",
  "-t",
  `${pid}`,
  "-U",
  "-n",
  "-m",
  "--preserve-credentials",
];

/** Making a namespace takes milliseconds; on a busy machine a Node takes seconds. */
const READY_MS = 20_000;

async function ready(talker: Talker, word: string): Promise<void> {
  const line = await talker.hear((said) => word in said || "failed" in said, { ms: READY_MS });
  if (line && word in line) return;
  throw impossible(line ? String(line["failed"]) : talker.words());
}

const impossible = (detail: string) =>
  new Fault("PROVE_IMPOSSIBLE", { detail: detail.split("\n").at(-1) || "it said nothing" });

/** What the kernel says of itself while a cable is plugged in: longer than its second report (RFC 3810). */
const QUIET_MS = 1_500;
const LOOK_MS = 100;

async function quiet(arrived: () => Arrived, signal: AbortSignal): Promise<void> {
  let last = arrived().packets;
  for (let silentMs = 0, leftMs = READY_MS; silentMs < QUIET_MS; silentMs += LOOK_MS) {
    await pause(LOOK_MS, undefined, { signal });
    const now = arrived().packets;
    if (now !== last) silentMs = 0;
    last = now;
    leftMs -= LOOK_MS;
    if (leftMs < 0) throw impossible("its kernel does not fall silent");
  }
}

/** The counters of another process's namespace are open to who started it. */
function readArrived(pid: number): Arrived {
  const devices = readFileSync(`/proc/${pid}/net/dev`, "utf8");
  const [, packets = "0"] = /^\s*far:\s*\d+\s+(\d+)/m.exec(devices) ?? [];
  const [, icmp = "0"] = /^Icmp: (\d+)/m.exec(readFileSync(`/proc/${pid}/net/snmp`, "utf8")) ?? [];
  return { packets: Number(packets), icmp: Number(icmp) };
}

const TRAP = join(import.meta.dirname, "trap.cjs");

const SERVES = JSON.stringify({
  tcpPorts: [53, 80, 443, 8080, 11434],
  resolvers: ["203.0.113.53"],
  udp: [["203.0.113.7", 9]],
  answer: "203.0.113.7",
});

/** Every address there is belongs to the far end; IPv6's in the table that is asked last, else the near end's would, too. */
const WORLD = `
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo table main
ip link add far address ${FAR} type veth peer name near address ${NEAR}
ip link set far multicast off
ip addr add 198.51.100.1/24 dev far
ip addr add 2001:db8:77::1/64 dev far nodad
ip link set far up
exec "$0" "$@"`;

/** Where a system links these files elsewhere, what they lead to is covered. */
const MACHINE = `
ip link set lo up
ip addr add 192.168.77.7/32 dev lo
mount --bind "$0" "$(readlink -f /etc/resolv.conf)"
mount --bind "$1" "$(readlink -f /etc/hosts)"
echo '{"machine":true}'
exec cat`;

const NEIGHBOURS = (device: string, address: string, address6: string, link: string) => `
ip neigh replace ${address} lladdr ${link} dev ${device} nud permanent
ip -6 neigh replace ${address6} lladdr ${link} dev ${device} nud permanent`;

const PLUG = `
ip link set near multicast off
ip link set near addrgenmode none
ip addr add 198.51.100.2/24 dev near
ip addr add 2001:db8:77::2/64 dev near nodad
ip link set near up
${NEIGHBOURS("near", "198.51.100.1", "2001:db8:77::1", FAR)}`;

const LEAD = `
ip route add default via 198.51.100.1
ip -6 route add default via 2001:db8:77::1`;
