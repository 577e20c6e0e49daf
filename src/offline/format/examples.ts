/** A folder with something to carry, for tests. */

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { createSigner } from "../../base/signature.ts";
import type { ToCarry } from "./carry.ts";
import type { Kind } from "../kind.ts";
import { type WriteOrder, writeBundle } from "./write-bundle.ts";

export const SIGNER = createSigner();
export const never = new AbortController().signal;
export const quiet = () => {};

export type Place = { root: string; at(...names: string[]): string };

export function createPlace(owner: { after(work: () => unknown): void }): Place {
  const root = mkdtempSync(join(tmpdir(), "isopod-bundle-"));
  owner.after(() => rmSync(root, { recursive: true, force: true }));
  return { root, at: (...names) => join(root, ...names) };
}

export function put(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A GGUF file as small as can be, with something behind its header. */
export function ggufBytes(rest: string | Buffer = ""): Buffer {
  const head = Buffer.alloc(24);
  head.write("GGUF");
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(0n, 8);
  head.writeBigUInt64LE(1n, 16);
  const text = (value: string) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(value.length));
    return Buffer.concat([size, Buffer.from(value)]);
  };
  const type = Buffer.from([8, 0, 0, 0]);
  return Buffer.concat([head, text("general.name"), type, text("small"), Buffer.from(rest)]);
}

export const artefactOf = (
  kind: Kind,
  files: Record<string, string>,
  more: Partial<ToCarry> = {},
): ToCarry => ({
  id: `${kind}:one`,
  kind,
  title: `one ${kind}`,
  files: Object.entries(files).map(([path, from]) => ({
    path,
    from,
    sizeBytes: statSync(from).size,
  })),
  ...more,
});

export const orderOf = (out: string, more: Partial<WriteOrder> = {}): WriteOrder => ({
  out,
  artefacts: [],
  id: `bundle_${"0".repeat(26)}`,
  createdAt: "2026-11-21T10:00:00.000Z",
  version: "0.1.0",
  platform: "linux-x64-glibc",
  signer: SIGNER,
  ...more,
});

export const write = (out: string, more: Partial<WriteOrder>) =>
  writeBundle(orderOf(out, more), quiet, never);
