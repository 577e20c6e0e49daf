/**
 * Signatures that minisign checks, and minisign's that we check: Ed25519 over the BLAKE2b-512 of a message, with a
 * comment that is signed, too. https://jedisct1.github.io/minisign/#signature-format
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";

export interface Signer {
  /** One line that minisign takes after `-P`: "RW…". */
  readonly publicKey: string;
  /** The text of a `.minisig` file. `comment` is one line; it is signed and shown by `minisign -V`. */
  sign(message: Uint8Array, comment: string): string;
  /** To be kept in a file of mode 0600, for `parseSigner`. */
  toSecretText(): string;
}

export function createSigner(): Signer {
  return toSigner(randomBytes(ID_BYTES), generateKeyPairSync("ed25519").privateKey);
}

/** Undefined where the text is none that `toSecretText` wrote. */
export function parseSigner(secretText: string): Signer | undefined {
  const bytes = Buffer.from(secretText.trim(), "base64");
  if (bytes.length !== ID_BYTES + SEED_BYTES) return undefined;
  const der = Buffer.concat([PKCS8_HEAD, bytes.subarray(ID_BYTES)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return toSigner(bytes.subarray(0, ID_BYTES), key);
}

/** The key line of a text: the line itself, or a `.pub` file of minisign. Undefined where there is none. */
export function parsePublicKey(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.find((line) => readPublicKey(line) !== undefined);
}

/**
 * The comment that was signed; undefined where the signature is not of this key over this message, or no
 * signature at all. Never throws.
 */
export function verifySignature(
  message: Uint8Array,
  signatureText: string,
  publicKey: string,
): { comment: string } | undefined {
  const key = readPublicKey(publicKey);
  const signature = readSignature(signatureText);
  if (!key || !signature || !key.id.equals(signature.id)) return undefined;
  const { comment, signed, own, overall } = signature;
  if (!verify(null, digest(message), key.object, own)) return undefined;
  if (!verify(null, signed, key.object, overall)) return undefined;
  return { comment };
}

const ID_BYTES = 8;
const SEED_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** What stands before the 32 bytes of a key (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");
/** "Ed" names the kind of a key, "ED" a signature over a hash of the message. */
const KEY_KIND = Buffer.from("Ed");
const HASHED_KIND = Buffer.from("ED");
const TRUSTED = "trusted comment: ";

function toSigner(id: Buffer, key: KeyObject): Signer {
  const raw = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicBytes = raw.subarray(SPKI_HEAD.length);
  const seed = key.export({ format: "der", type: "pkcs8" }).subarray(PKCS8_HEAD.length);
  return {
    publicKey: Buffer.concat([KEY_KIND, id, publicBytes]).toString("base64"),
    toSecretText: () => Buffer.concat([id, seed]).toString("base64"),
    sign(message, comment) {
      const own = sign(null, digest(message), key);
      const overall = sign(null, Buffer.concat([own, Buffer.from(comment)]), key);
      return [
        `untrusted comment: signature by Isopod, key ${Buffer.from(id.toReversed()).toString("hex").toUpperCase()}`,
        Buffer.concat([HASHED_KIND, id, own]).toString("base64"),
        `${TRUSTED}${comment}`,
        overall.toString("base64"),
        "",
      ].join("\n");
    },
  };
}

const digest = (message: Uint8Array) => createHash("blake2b512").update(message).digest();

function readPublicKey(line: string): { id: Buffer; object: KeyObject } | undefined {
  const bytes = Buffer.from(line, "base64");
  if (bytes.length !== KEY_KIND.length + ID_BYTES + SEED_BYTES) return undefined;
  if (!bytes.subarray(0, KEY_KIND.length).equals(KEY_KIND)) return undefined;
  const der = Buffer.concat([SPKI_HEAD, bytes.subarray(KEY_KIND.length + ID_BYTES)]);
  const object = createPublicKey({ key: der, format: "der", type: "spki" });
  return { id: bytes.subarray(KEY_KIND.length, KEY_KIND.length + ID_BYTES), object };
}

function readSignature(text: string) {
  const [, first = "", third = "", last = ""] = text.split(/\r?\n/);
  const head = Buffer.from(first, "base64");
  const overall = Buffer.from(last, "base64");
  if (head.length !== HASHED_KIND.length + ID_BYTES + SIGNATURE_BYTES) return undefined;
  if (!head.subarray(0, HASHED_KIND.length).equals(HASHED_KIND)) return undefined;
  if (overall.length !== SIGNATURE_BYTES || !third.startsWith(TRUSTED)) return undefined;
  const comment = third.slice(TRUSTED.length);
  const own = head.subarray(HASHED_KIND.length + ID_BYTES);
  const id = head.subarray(HASHED_KIND.length, HASHED_KIND.length + ID_BYTES);
  return { id, own, overall, comment, signed: Buffer.concat([own, Buffer.from(comment)]) };
}
