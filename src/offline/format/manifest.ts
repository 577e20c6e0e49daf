/**
 * `BUNDLE.json`: what a bundle holds. It is signed, and read only as far as it agrees with itself: a size that is
 * told in two places is the same in both.
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { KINDS } from "../kind.ts";
import { canonicalJson } from "./canonical.ts";
import { checkPath, toPlainPath } from "./path.ts";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** 16 TiB: more than any model, and far from where numbers lose their last digit. */
const Size = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 44);

const File = z.strictObject({ path: z.string().max(1024), sha256: Sha256, sizeBytes: Size });
/** A name that stands for another file of the same artefact: data, because many sticks know no links. */
const Link = z.strictObject({ path: z.string().max(1024), target: z.string().max(1024) });

const Artefact = z.strictObject({
  /** Such as "ollama:qwen3:8b". */
  id: z.string().min(1).max(400),
  kind: z.enum(KINDS),
  title: z.string().max(400),
  /** Where it runs; without it, everywhere. */
  platform: z.string().max(60).exactOptional(),
  files: z.array(File).min(1).max(100_000),
  links: z.array(Link).max(100_000).exactOptional(),
});

const StoredObject = z.strictObject({
  sha256: Sha256,
  sizeBytes: Size,
  /** The pieces, where it was split: `<sha256>.000`, `.001`, … */
  parts: z
    .array(z.strictObject({ sha256: Sha256, sizeBytes: Size }))
    .min(2)
    .max(9_999)
    .exactOptional(),
});

const Sealed = z.strictObject({
  /** How the artefacts of kind "state" are sealed: AES-256-GCM with a key made by scrypt. */
  cipher: z.literal("scrypt-aes-256-gcm"),
});

const Manifest = z.strictObject({
  schema: z.literal(1),
  id: z.string().regex(/^bundle_[0-9a-z]{26}$/),
  createdAt: z.iso.datetime(),
  tool: z.strictObject({ name: z.literal("isopod"), version: z.string().max(60) }),
  /** The machine it was made on, such as "linux-x64-glibc". */
  platform: z.string().max(60),
  /** The key that signs it. That it stands here proves nothing; whoever restores names the key they trust. */
  signer: z.string().max(100),
  sealed: Sealed.exactOptional(),
  artefacts: z.array(Artefact).min(1).max(10_000),
  objects: z.array(StoredObject).min(1).max(100_000),
  totals: z.strictObject({ files: Size, fileBytes: Size, objects: Size, objectBytes: Size }),
});

export type Manifest = z.infer<typeof Manifest>;
export type Artefact = z.infer<typeof Artefact>;
export type StoredObject = z.infer<typeof StoredObject>;

/** A manifest of a hundred thousand files has 20 MiB. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

export const writeManifest = (manifest: Manifest): string => canonicalJson(manifest);

/** Throws `BUNDLE_CORRUPT` for what is none, and `BUNDLE_UNSAFE` for one that names what no bundle may hold. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt("it is not JSON", cause);
  }
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupt(`${issue?.path.join(".")}: ${issue?.message}`, parsed.error);
  }
  checkTotals(parsed.data);
  checkNames(parsed.data);
  return parsed.data;
}

export const totalsOf = ({ artefacts, objects }: Pick<Manifest, "artefacts" | "objects">) => ({
  files: sum(artefacts.map(({ files }) => files.length)),
  fileBytes: sum(artefacts.flatMap(({ files }) => files.map(({ sizeBytes }) => sizeBytes))),
  objects: objects.length,
  objectBytes: sum(objects.map(({ sizeBytes }) => sizeBytes)),
});

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

function checkTotals(manifest: Manifest): void {
  const objects = new Map(manifest.objects.map((object) => [object.sha256, object]));
  if (objects.size !== manifest.objects.length) throw corrupt("an object stands in it twice");
  for (const { sha256, sizeBytes, parts } of manifest.objects) {
    if (parts && sum(parts.map((part) => part.sizeBytes)) !== sizeBytes)
      throw corrupt(`the parts of ${sha256} are not as large as it is`);
  }
  const used = new Set<string>();
  for (const { files } of manifest.artefacts) {
    for (const { path, sha256, sizeBytes } of files) {
      if (objects.get(sha256)?.sizeBytes !== sizeBytes)
        throw corrupt(`it gives two sizes for "${path}", or has no object for it`);
      used.add(sha256);
    }
  }
  if (used.size !== objects.size) throw corrupt("it has an object that no file needs");
  if (canonicalJson(totalsOf(manifest)) !== canonicalJson(manifest.totals))
    throw corrupt("its totals are not the sum of what it lists");
}

function checkNames({ artefacts }: Manifest): void {
  const ids = new Set(artefacts.map(({ id }) => id));
  if (ids.size !== artefacts.length) throw corrupt("an artefact stands in it twice");
  for (const { files, links = [] } of artefacts) {
    const own = new Set(files.map(({ path }) => path));
    const seen = new Set<string>();
    for (const { path } of [...files, ...links]) {
      checkPath(path);
      const plain = toPlainPath(path);
      if (seen.has(plain))
        throw new Fault("BUNDLE_UNSAFE", { what: path, why: "it is there twice" });
      seen.add(plain);
    }
    const lost = links.find(({ target }) => !own.has(target));
    if (lost)
      throw new Fault("BUNDLE_UNSAFE", { what: lost.path, why: `it leads to "${lost.target}"` });
  }
}

const corrupt = (detail: string, cause?: unknown) =>
  new Fault("BUNDLE_CORRUPT", { what: "BUNDLE.json", detail }, { cause });
