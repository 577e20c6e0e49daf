/** The place of a Unix socket in the file system, made safe before somebody listens there. */

import { lstatSync, mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";

import { Fault } from "../base/fault.ts";
import type { Doors } from "../process/doors.ts";

/** The kernel takes 107 bytes on Linux and 103 on macOS. */
const MAX_SOCKET_PATH_BYTES = 103;

/** Who can write the folder could swap the socket for one of theirs and read all that is said. */
export function prepareFolder(path: string): void {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw listenFailed(path, `the path of a socket has at most ${MAX_SOCKET_PATH_BYTES} bytes`);
  }
  const folder = dirname(path);
  const { uid, mode } = makeFolder(folder, path);
  if (uid !== process.getuid?.()) {
    throw listenFailed(path, `its folder belongs to another user (number ${uid})`);
  }
  if ((mode & 0o022) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw new Fault("STORE_EXPOSED", { path: folder, mode: shown });
}

function makeFolder(folder: string, path: string) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return statSync(folder);
  } catch (cause) {
    throw listenFailed(path, "its folder cannot be made", cause);
  }
}

/** Removes the socket of a gateway that was killed; one that answers is in use, and a file is not ours. */
export async function clearStale(path: string, doors: Doors): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw listenFailed(path, "a file stands there that is not a socket");
  if (await isAnswered(path, doors)) throw new Fault("PORT_IN_USE", { address: path });
  unlinkSync(path);
}

function isAnswered(path: string, doors: Doors): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = doors.connect(() => connect({ path }));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Only "refused" proves that nobody is there: a full queue (EAGAIN) is somebody busy.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

export function listenFailed(address: string, detail: string, cause?: unknown): Fault {
  return new Fault("LISTEN_FAILED", { address, detail }, { cause });
}
