/** The body of an answer, unpacked and never more of it than a limit: a few kilobytes can unpack to gigabytes. */

import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import { Fault } from "../../base/fault.ts";
import type { EgressResponse } from "../../network/egress.ts";

export type Body = { bytes: Buffer; isCut: boolean };

/** What `readBody` can unpack, for the request's header. */
export const ACCEPTED_ENCODINGS = "gzip, br, deflate";

const UNPACKERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
};

/**
 * At most `maxBytes` as they came and as many unpacked. Where there is more, who sent the request has to abort
 * it: a packed body that drips would be waited for. Throws `WEB_UNREADABLE` for a packing that is unknown or
 * broken, and what the body throws.
 */
export async function readBody(
  { headers, body }: EgressResponse,
  { url, maxBytes }: { url: string; maxBytes: number },
): Promise<Body> {
  const packing = (headers["content-encoding"] ?? "").trim().toLowerCase();
  if (packing === "" || packing === "identity") return take(body, maxBytes);
  if (!isKnown(packing)) {
    throw new Fault("WEB_UNREADABLE", { url, what: `packed as "${packing.slice(0, 40)}"` });
  }
  const unpacker = UNPACKERS[packing]();
  void feed(body, unpacker, maxBytes); // never throws; the unpacker does
  try {
    return await take(unpacker, maxBytes);
  } catch (cause) {
    throw isOfZlib(cause) ? new Fault("WEB_UNREADABLE", { url, what: "broken" }, { cause }) : cause;
  }
}

const isKnown = (packing: string): packing is keyof typeof UNPACKERS =>
  Object.hasOwn(UNPACKERS, packing);

const isOfZlib = (error: unknown) =>
  error instanceof Error && "code" in error && /^(Z_|ERR_(_|BROTLI))/.test(String(error.code));

async function take(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Body> {
  const taken: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    taken.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break; // leaving the loop closes the connection
  }
  return { bytes: Buffer.concat(taken).subarray(0, maxBytes), isCut: size > maxBytes };
}

/** Never throws: what goes wrong with the body is the unpacker's to throw. */
async function feed(
  body: AsyncIterable<Uint8Array>,
  unpacker: ReturnType<typeof createGunzip>,
  maxBytes: number,
): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (unpacker.destroyed || size > maxBytes) break;
      if (!unpacker.write(chunk)) await drained(unpacker);
    }
    if (!unpacker.destroyed) unpacker.end();
  } catch (error) {
    unpacker.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Also resolves once it is destroyed, so that nobody waits for a reader who has left. */
const drained = (unpacker: ReturnType<typeof createGunzip>) =>
  new Promise<void>((resolve) => {
    if (unpacker.destroyed) return resolve();
    unpacker.once("drain", resolve);
    unpacker.once("close", resolve);
  });
