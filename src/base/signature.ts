/**
 * Signatures of this installation in minisign's format (Ed25519 over BLAKE2b-512, `ED`), so that
 * `minisign -V` checks them on a machine that has no Isopod: https://jedisct1.github.io/minisign/.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Signer {
  /** As minisign's public key file has it: the second line is what `-P` takes. */
  readonly publicKey: string;
  /** The text of a `.minisig` file. The comment is signed, too; it is one line. */
  sign(content: Uint8Array, comment: string): string;
}

/** The key of this installation, in the state folder; made at its first use. */
export function openSigner(home: string): Signer {
  const file = join(home, "signing.key");
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    const { privateKey } = generateKeyPairSync("ed25519");
    const own = `${file}.${process.pid}`;
    writeFileSync(own, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    pem = keepFirst(own, file);
  }
  const signer = createSigner(createPrivateKey(pem));
  writeFileSync(join(home, "signing.pub"), signer.publicKey, { mode: 0o644 });
  return signer;
}

/** Of two that make one at once, both go by the first. */
function keepFirst(own: string, file: string): string {
  try {
    linkSync(own, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readFileSync(file, "utf8");
}

export function createSigner(key: KeyObject): Signer {
  const raw = rawPublicKey(key);
  const id = digest(raw).subarray(0, ID_BYTES);
  const name = Buffer.from(id.toReversed()).toString("hex").toUpperCase();
  const line = Buffer.concat([Buffer.from("Ed"), id, raw]).toString("base64");
  return {
    publicKey: `untrusted comment: minisign public key ${name}\n${line}\n`,
    sign(content, comment) {
      if (/[\r\n]/.test(comment)) throw new RangeError("a comment is one line");
      const signature = sign(undefined, digest(content), key);
      const global = sign(undefined, Buffer.concat([signature, Buffer.from(comment)]), key);
      const first = Buffer.concat([Buffer.from("ED"), id, signature]).toString("base64");
      const last = global.toString("base64");
      return `untrusted comment: signature from isopod\n${first}\ntrusted comment: ${comment}\n${last}\n`;
    },
  };
}

/** Whether a `.minisig` is that key's over this content. False for whatever is none. */
export function isSignedBy(publicKey: string, content: Uint8Array, signature: string): boolean {
  const key = Buffer.from(publicKey.trim().split("\n").at(-1) ?? "", "base64");
  const [, first = "", comment = "", last = ""] = signature.split("\n");
  const one = Buffer.from(first, "base64");
  const isShaped = key.length === KEY_BYTES && one.length === SIGNATURE_BYTES;
  if (!isShaped || one.toString("latin1", 0, 2) !== "ED") return false;
  if (!one.subarray(2, 2 + ID_BYTES).equals(key.subarray(2, 2 + ID_BYTES))) return false;
  const trusted = Buffer.from(comment.replace(/^trusted comment: /, ""));
  const own = one.subarray(2 + ID_BYTES);
  const opened = toPublicKey(key.subarray(2 + ID_BYTES));
  return (
    verify(undefined, digest(content), opened, own) &&
    verify(undefined, Buffer.concat([own, trusted]), opened, Buffer.from(last, "base64"))
  );
}

const ID_BYTES = 8;
const KEY_BYTES = 2 + ID_BYTES + 32;
const SIGNATURE_BYTES = 2 + ID_BYTES + 64;

/** What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410). */
const DER = Buffer.from("302a300506032b6570032100", "hex");

const rawPublicKey = (key: KeyObject) =>
  createPublicKey(key).export({ type: "spki", format: "der" }).subarray(DER.length);

const toPublicKey = (raw: Uint8Array) =>
  createPublicKey({ key: Buffer.concat([DER, raw]), format: "der", type: "spki" });

const digest = (content: Uint8Array) => createHash("blake2b512").update(content).digest();
