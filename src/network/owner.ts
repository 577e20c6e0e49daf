/** Who listens on a port of this machine, as Linux tells in /proc. Elsewhere it cannot be told. */

import { readdirSync, readlinkSync } from "node:fs";
import { readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

export type PortOwner = {
  uid: number;
  /** Undefined for a program of another user, unless we are root. */
  pid?: number | undefined;
  /** Its name, cut by Linux after 15 characters. */
  program?: string | undefined;
};

export type PortOwnerOptions = {
  /** `/proc`, unless a test has its own. */
  proc?: string;
};

/**
 * Returns who a connection to this port of 127.0.0.1 or ::1 would reach. Undefined where nobody listens,
 * where the system does not tell, and where several listen that are not the same.
 */
export function createPortOwner({ proc = "/proc" }: PortOwnerOptions = {}) {
  /** Who was found before: mostly the same again, while to look at all costs 30 ms among 100 programs. */
  const known = new Set<number>();
  return async (port: number, signal: AbortSignal): Promise<PortOwner | undefined> => {
    const tables = await Promise.all([
      readTable(join(proc, "net/tcp")),
      readTable(join(proc, "net/tcp6")),
    ]);
    const found = tables
      .flat()
      .filter((socket) => socket.port === port && isOfMachine(socket.address));
    const [first] = found;
    if (!first || found.some(({ uid }) => uid !== first.uid)) return undefined;
    signal.throwIfAborted();
    const holders = findHolders(proc, new Set(found.map(({ inode }) => inode)), known);
    for (const pid of holders.values()) known.add(pid);
    const owners = await Promise.all(
      found.map(async ({ inode }) => {
        const pid = holders.get(inode);
        return pid === undefined ? {} : { pid, program: await readName(proc, pid) };
      }),
    );
    const [owner = {}] = owners;
    if (owners.some(({ program }) => program !== owner.program)) return undefined;
    return { uid: first.uid, ...owner };
  };
}

export type Listening = { address: string; port: number; uid: number; inode: string };

/** `TCP_LISTEN` of the kernel's tcp_states.h. */
const LISTENING = "0A";

/** Loopback and "all addresses", as the kernel writes them: each four bytes in the machine's order. */
const OF_MACHINE = new Set([
  "0100007F", // 127.0.0.1
  "00000000", // 0.0.0.0
  "00000000000000000000000001000000", // ::1
  "00000000000000000000000000000000", // ::
  "0000000000000000FFFF00000100007F", // ::ffff:127.0.0.1
]);

const isOfMachine = (address: string) => OF_MACHINE.has(address);

export async function readTable(path: string): Promise<Listening[]> {
  // No such table: not Linux, or no IPv6.
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , uid, , inode = ""] = line.trim().split(/\s+/);
    const [address = "", port = ""] = local.split(":");
    if (state !== LISTENING) return [];
    return [{ address, port: Number.parseInt(port, 16), uid: Number(uid), inode }];
  });
}

/**
 * The process that holds each socket, of those we may look into. Synchronous on purpose: some thousand
 * links that the kernel answers from memory, in a tenth of the time that a thread pool takes.
 */
function findHolders(
  proc: string,
  inodes: ReadonlySet<string>,
  first: Iterable<number>,
): Map<string, number> {
  const holders = new Map<string, number>();
  for (const pid of pidsOf(proc, first)) {
    for (const inode of socketsOf(join(proc, String(pid), "fd"))) {
      if (inodes.has(inode)) holders.set(inode, pid);
    }
    if (holders.size === inodes.size) break;
  }
  return holders;
}

function* pidsOf(proc: string, first: Iterable<number>): Generator<number> {
  yield* first;
  for (const name of readdirSync(proc)) if (/^\d+$/.test(name)) yield Number(name);
}

function socketsOf(folder: string): string[] {
  const fds = unlessGone(() => readdirSync(folder)) ?? [];
  return fds.flatMap((fd) => {
    const link = unlessGone(() => readlinkSync(join(folder, fd))) ?? "";
    return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [];
  });
}

/** A process that has ended by now, or is somebody else's, leaves its sockets without a name. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Node calls its main thread so, whatever program it runs; then the file it was started from says more. */
const NODE_THREAD = "MainThread";

async function readName(proc: string, pid: number): Promise<string | undefined> {
  const folder = join(proc, String(pid));
  const name = await readFile(join(folder, "comm"), "utf8").catch(() => ""); // ended by now
  if (name.trim() !== NODE_THREAD) return name.trim() || undefined;
  return basename(await readlink(join(folder, "exe")).catch(() => name.trim()));
}
