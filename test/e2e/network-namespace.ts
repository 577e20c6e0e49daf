/**
 * Machines without a network, and one with a network that is watched: namespaces of our own, in which
 * commands are run with `nsenter`. Nothing outside them is touched.
 */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

type Owner = { after(work: () => unknown): void };

/** A namespace lives as long as a process in it. */
export type Namespace = {
  pid: number;
  /** Words that run what follows them inside. */
  enter: readonly string[];
};

/** The cable is out: there is loopback and nothing else. */
export const unplug = (owner: Owner): Promise<Namespace> => hold(owner, ["ip link set lo up"], []);

export type Cable = Namespace & {
  arrived(): Traffic;
  /** The far end: what runs here and listens on all addresses is at every address of the internet. */
  world: Namespace;
  /** Pulls the cable out: the near end has no carrier, its routes stay. */
  pull(): void;
  plug(): void;
  /** Takes the default routes away, as a router does that lost its own; and gives them back. */
  strand(): void;
  lead(): void;
};

/** What arrived at the far end of the cable. */
export type Traffic = {
  tcp: number;
  /** Connections that somebody there took; other than packets, they do not come late. */
  connections: number;
  udp: number;
  icmp: number;
};

/**
 * The cable is in: a default route leads into a second namespace that takes every packet for every address,
 * and counts. The name server of the first is there, too; ARP and the chatter of IPv6 itself is not counted.
 */
export async function watchCable(owner: Owner, resolvConf: string): Promise<Cable> {
  const world = await hold(
    owner,
    [
      "ip link set lo up",
      // Every address there is belongs to this end. For IPv6 in the table that is asked last: else the
      // near end's own would, too.
      "ip route add local 0.0.0.0/0 dev lo",
      "ip -6 route add local ::/0 dev lo table main",
      "ip link add far type veth peer name near",
      "ip addr add 10.77.0.1/24 dev far && ip addr add fd77::1/64 dev far nodad",
      "ip link set far up",
    ],
    [],
  );
  writeFileSync(resolvConf, "nameserver 198.51.100.53\noptions timeout:1 attempts:1\n");
  const machine = await hold(
    owner,
    ["ip link set lo up", `mount --bind ${resolvConf} /etc/resolv.conf`],
    world.enter,
  );
  must(world.enter, `ip link set near netns ${machine.pid}`);
  const lead = "ip route add default via 10.77.0.1 && ip -6 route add default via fd77::1";
  for (const command of [
    "ip addr add 10.77.0.2/24 dev near && ip addr add fd77::2/64 dev near nodad",
    "ip link set near up",
    lead,
  ]) {
    must(machine.enter, command);
  }
  return {
    ...machine,
    world,
    arrived: () => readTraffic(world),
    pull: () => void must(world.enter, "ip link set far down"),
    plug: () => void must(world.enter, "ip link set far up"),
    strand: () => void must(machine.enter, "ip route del default && ip -6 route del default"),
    lead: () => void must(machine.enter, lead),
  };
}

/** One device on a network of several, with nothing beyond it. */
export type Device = Namespace & { address: string };

/** Several devices on one switch, 10.88.0.1 and on: they reach each other, and nobody else. */
export async function connectDevices(owner: Owner, count: number): Promise<Device[]> {
  const bridge = "ip link add br0 type bridge && ip link set br0 up";
  const between = await hold(owner, ["ip link set lo up", bridge], []);
  const devices: Device[] = [];
  for (let at = 1; at <= count; at++) {
    const device = await hold(owner, ["ip link set lo up"], between.enter);
    must(between.enter, `ip link add port${at} type veth peer name near netns ${device.pid}`);
    must(between.enter, `ip link set port${at} master br0 up`);
    must(device.enter, `ip addr add 10.88.0.${at}/24 dev near && ip link set near up`);
    devices.push({ ...device, address: `10.88.0.${at}` });
  }
  return devices;
}

/** Of the kernel's own counters: also what no program listens for is in them. */
function readTraffic({ enter }: Namespace): Traffic {
  const text = must(enter, "cat /proc/net/snmp /proc/net/snmp6");
  const old = (protocol: string, name: string) => {
    const [names, values] = text.split("\n").filter((line) => line.startsWith(`${protocol}: `));
    const at = names?.split(" ").indexOf(name) ?? -1;
    return Number(values?.split(" ")[at]);
  };
  const six = (name: string) => Number(new RegExp(`^${name}\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return {
    tcp: old("Tcp", "InSegs"),
    connections: old("Tcp", "PassiveOpens"),
    udp:
      old("Udp", "InDatagrams") +
      old("Udp", "NoPorts") +
      six("Udp6InDatagrams") +
      six("Udp6NoPorts"),
    icmp: old("Icmp", "InMsgs") + six("Icmp6InEchos"),
  };
}

/** Runs a few commands in new namespaces and keeps them. */
async function hold(
  owner: Owner,
  commands: readonly string[],
  enter: readonly string[],
): Promise<Namespace> {
  const script = [...commands, "echo ready", "exec sleep infinity"].join(" && ");
  // Inside a user namespace of ours already, the first one's rights are enough.
  const unshare = enter.length > 0 ? ["unshare", "-nm"] : ["unshare", "-rnm"];
  const [program = "", ...args] = [...enter, ...unshare, "sh", "-c", script];
  const child: ChildProcess = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  owner.after(() => {
    child.kill("SIGKILL");
    return ended;
  });
  if (!child.stdout || child.pid === undefined) throw new Error("there is no unshare");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "ready") break;
  }
  const { pid } = child;
  const into = ["nsenter", "-t", String(pid), "-U", "-n", "-m", "--preserve-credentials"];
  return { pid, enter: into };
}

function must(enter: readonly string[], command: string): string {
  const [program = "", ...args] = [...enter, "sh", "-c", command];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}
