/** Is a bundle what its signer made? Nothing in it is run, and nothing is written. */

import { Fault } from "../../base/fault.ts";
import { verifySignature } from "../../base/signature.ts";
import type { OnProgress } from "./carry.ts";
import { digest, newHash } from "./digest.ts";
import { createMeter } from "./meter.ts";
import { type Manifest, parseManifest, type StoredObject } from "./manifest.ts";
import {
  type BundleSource,
  MANIFEST_NAME,
  objectNames,
  openBundle,
  PART_NAME,
  SIGNATURE_NAME,
} from "./source.ts";

export type OpenedBundle = {
  source: BundleSource;
  manifest: Manifest;
  /** Of the manifest's bytes. */
  digest: string;
  signer: { key: string; trusted: boolean; comment: string };
};

const MAX_SIGNATURE_BYTES = 4096;

/**
 * Reads what a bundle says of itself. `trusted` are the keys that are known here. Throws `BUNDLE_NOT_FOUND`,
 * `BUNDLE_UNFINISHED`, `BUNDLE_CORRUPT` and `BUNDLE_UNSAFE`; that a signer is unknown is in the answer.
 */
export async function openSigned(path: string, trusted: readonly string[]): Promise<OpenedBundle> {
  const source = await openBundle(path);
  if (await isUnfinished(source)) {
    const words = `isopod offline bundle --out ${path}`;
    throw new Fault("BUNDLE_UNFINISHED", { path, words });
  }
  const bytes = await source.readSmall(MANIFEST_NAME);
  const signature = (await source.readSmall(SIGNATURE_NAME, MAX_SIGNATURE_BYTES)).toString();
  for (const key of trusted) {
    const found = verifySignature(bytes, signature, key);
    if (found) return open(source, bytes, { key, trusted: true, comment: found.comment });
  }
  const { signer: key } = parseManifest(bytes.toString());
  const found = verifySignature(bytes, signature, key);
  if (!found) {
    const detail = "it was changed after it was signed";
    throw new Fault("BUNDLE_CORRUPT", { what: MANIFEST_NAME, detail });
  }
  return open(source, bytes, { key, trusted: false, comment: found.comment });
}

async function isUnfinished(source: BundleSource): Promise<boolean> {
  return source.readSmall(PART_NAME).then(
    () => true,
    () => false, // there is no such mark
  );
}

function open(source: BundleSource, bytes: Buffer, signer: OpenedBundle["signer"]): OpenedBundle {
  const manifest = parseManifest(bytes.toString());
  const known = new Set(manifest.objects.flatMap(objectNames));
  const [stranger] = source.strangers(known);
  if (stranger !== undefined)
    throw new Fault("BUNDLE_UNSAFE", { what: stranger, why: "it does not belong to the bundle" });
  for (const object of manifest.objects) source.stretches(object); // each is there, as large as told
  return { source, manifest, digest: newHash().update(bytes).digest("hex"), signer };
}

/** Reads each byte of the objects. Throws `BUNDLE_CORRUPT` for the first that is not as it was, by its name. */
export async function verifyObjects(
  { source, manifest }: OpenedBundle,
  objects: readonly StoredObject[],
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<void> {
  const total = objects.reduce((all, { sizeBytes }) => all + sizeBytes, 0);
  const meter = createMeter(onProgress, total);
  const titles = titlesOf(manifest);
  for (const object of objects) {
    const title = titles.get(object.sha256) ?? "";
    const names = objectNames(object);
    for (const [at, stretch] of source.stretches(object).entries()) {
      const wanted = (object.parts ?? [object])[at]?.sha256;
      const found = await digest([stretch], signal, meter(title));
      if (found.sha256 === wanted) continue;
      const detail = `a byte of it is not as it was written (it belongs to ${title})`;
      throw new Fault("BUNDLE_CORRUPT", { what: names[at] ?? "", detail });
    }
  }
}

/** What each object is needed for, as people know it. */
const titlesOf = ({ artefacts }: Manifest) =>
  new Map(artefacts.flatMap(({ title, files }) => files.map(({ sha256 }) => [sha256, title])));
