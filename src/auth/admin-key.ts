/**
 * `admin.key`: the key that the programs of this machine's user read, made at the first start. The file's
 * mode is what keeps it: whoever can read it is the owner.
 */

import { constants } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Fault } from "../base/fault.ts";
import { createSecret, isSecret } from "./secrets.ts";

export const adminKeyFile = (homeFolder: string): string => join(homeFolder, "admin.key");

/** Undefined when there is no file. Throws `ADMIN_KEY_UNREADABLE` for anything but a key. */
export async function readAdminKey(file: string): Promise<string | undefined> {
  let text: string;
  try {
    // No link is followed: a link could make us take another user's file for our key.
    const handle = await open(
      file,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
      text = buffer.toString("utf8", 0, bytesRead).trim();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if ("code" in cause && cause.code === "ENOENT") return undefined;
    throw new Fault("ADMIN_KEY_UNREADABLE", { file, detail: cause.message }, { cause });
  }
  if (isSecret(text, "isk")) return text;
  throw new Fault("ADMIN_KEY_UNREADABLE", { file, detail: "it does not hold a key" });
}

/** All of it or nothing, whatever happens meanwhile; nobody else can read it at any moment. */
export async function writeAdminKey(file: string, key: string): Promise<void> {
  const draft = `${file}.${createSecret("isp").slice(4, 12)}.draft`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(`${key}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    if (!(cause instanceof Error)) throw cause;
    throw new Fault("ADMIN_KEY_UNWRITABLE", { file, detail: cause.message }, { cause });
  }
}
