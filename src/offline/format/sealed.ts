/**
 * Conversations and secrets, sealed with a passphrase: AES-256-GCM, the key by scrypt. A file is a mark, the salt, the
 * nonce, what is sealed, and the tag.
 */

import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";

import { Fault } from "../../base/fault.ts";
import { openSink, readPieces, type Stretch } from "./digest.ts";

const MARK = Buffer.from("ISOPOD1\n");
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = MARK.length + SALT_BYTES + NONCE_BYTES;
/** 128 MiB and half a second for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

const toKey = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

export async function seal(
  from: string,
  to: string,
  { passphrase, sizeBytes, signal }: { passphrase: string; sizeBytes: number; signal: AbortSignal },
): Promise<void> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", await toKey(passphrase, salt, 32, COST), nonce);
  const sink = await openSink(to);
  try {
    await sink.write(Buffer.concat([MARK, salt, nonce]));
    for await (const piece of readPieces({ path: from, start: 0, sizeBytes }, signal))
      await sink.write(cipher.update(piece));
    await sink.write(Buffer.concat([cipher.final(), cipher.getAuthTag()]));
    await sink.finish();
  } finally {
    await sink.close();
  }
}

/**
 * Throws `BUNDLE_PASSPHRASE` where the passphrase does not open it; `to` is gone then. Without `to` it only tries.
 */
export async function unseal(
  { path, start, sizeBytes }: Stretch,
  to: string | undefined,
  { passphrase, signal }: { passphrase: string; signal: AbortSignal },
): Promise<void> {
  const part = (from: number, size: number) =>
    readAll({ path, start: start + from, sizeBytes: size }, signal);
  const head = await part(0, HEAD_BYTES);
  const bodyBytes = sizeBytes - HEAD_BYTES - TAG_BYTES;
  if (bodyBytes < 0 || !head.subarray(0, MARK.length).equals(MARK))
    throw new Fault("BUNDLE_PASSPHRASE", { why: "it is not sealed as Isopod does" });
  const salt = head.subarray(MARK.length, MARK.length + SALT_BYTES);
  const nonce = head.subarray(MARK.length + SALT_BYTES);
  const cipher = createDecipheriv("aes-256-gcm", await toKey(passphrase, salt, 32, COST), nonce);
  cipher.setAuthTag(await part(sizeBytes - TAG_BYTES, TAG_BYTES));
  const sink = to === undefined ? undefined : await openSink(to);
  try {
    const body = { path, start: start + HEAD_BYTES, sizeBytes: bodyBytes };
    for await (const piece of readPieces(body, signal)) {
      const opened = cipher.update(piece);
      await sink?.write(opened);
    }
    const last = finish(cipher);
    await sink?.write(last);
    await sink?.finish();
  } catch (error) {
    if (to !== undefined) await rm(to, { force: true });
    throw error;
  } finally {
    await sink?.close();
  }
}

function finish(cipher: { final(): Buffer }): Buffer {
  try {
    return cipher.final();
  } catch (cause) {
    throw new Fault("BUNDLE_PASSPHRASE", { why: "the passphrase is another one" }, { cause });
  }
}

async function readAll(stretch: Stretch, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(stretch, signal)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
