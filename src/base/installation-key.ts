/** The key by which this installation signs what it saw. It stands in the state folder, and is made at its first use. */

import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "./fault.ts";
import { createSigner, parsePublicKey, parseSigner, verifySignature } from "./signature.ts";

export type InstallationKey = {
  /** As minisign's public key file has it: the second line is what `-P` takes. */
  publicKey: string;
  /** The text of a `.minisig` file. The comment is signed, too; it is one line. */
  sign(content: Uint8Array, comment: string): string;
};

/** Throws where the state folder cannot be written, and `STORE_UNREADABLE` for a key that is none. */
export function openSigner(home: string): InstallationKey {
  const file = join(home, "signing.key");
  const signer = parseSigner(readKept(file) ?? keepFirst(file));
  if (!signer) {
    const detail = "it is no key of ours; move it away to have a new one made";
    throw new Fault("STORE_UNREADABLE", { file, detail });
  }
  const publicKey = `untrusted comment: minisign public key of Isopod\n${signer.publicKey}\n`;
  writeFileSync(join(home, "signing.pub"), publicKey, { mode: 0o644 });
  return {
    publicKey,
    sign(content, comment) {
      if (/[\r\n]/.test(comment)) throw new RangeError("a comment is one line");
      return signer.sign(content, comment);
    },
  };
}

function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Of two that make one at once, both go by the first. */
function keepFirst(file: string): string {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${createSigner().toSecretText()}\n`, { mode: 0o600 });
  try {
    linkSync(own, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readFileSync(file, "utf8");
}

/** Whether a `.minisig` is that key's over this content. False for whatever is none. */
export function isSignedBy(publicKey: string, content: Uint8Array, signature: string): boolean {
  const key = parsePublicKey(publicKey);
  return key !== undefined && verifySignature(content, signature, key) !== undefined;
}
