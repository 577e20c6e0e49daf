/** What the commands of `isopod offline` do, without words for people. */

import type { OnProgress } from "./format/carry.ts";
import type { Manifest } from "./format/manifest.ts";
import type { Kind } from "./kind.ts";
import type { PlanItem } from "./plan.ts";
import type { Restored } from "./restore/restore.ts";
import type { Live, StatusReport } from "./status/status.ts";

export type Watch = { onProgress: OnProgress; signal: AbortSignal };

/** As `isopod offline plan --json` prints it. */
export type Planned = Omit<PlanItem, "files" | "folder"> & {
  files: { path: string; sizeBytes: number; sha256: string }[];
};

export type BundleOrder = {
  out: string;
  splitBytes?: number;
  only?: readonly Kind[];
  /** Seals conversations and secrets, which are taken along then. */
  passphrase?: string;
  /** False for one that goes away again: it is not the last bundle. */
  remember?: boolean;
};

export type Bundled = {
  path: string;
  manifest: Manifest;
  /** Secrets that were left out of the config, by path. */
  struck: readonly string[];
  /** What the config names and no bundle can hold. */
  elsewhere: readonly PlanItem[];
  /** Whether there are conversations that were not taken along. */
  leftState: boolean;
};

export type Verified = {
  id: string;
  createdAt: string;
  platform: string;
  signer: { key: string; trusted: boolean; comment: string };
  totals: Manifest["totals"];
  artefacts: { id: string; kind: Kind; title: string }[];
};

/** `old` and `next` are the digests of the files. */
export type Change = {
  id: string;
  path: string;
  change: "added" | "removed" | "changed";
  sizeBytes: number;
};

export interface Offline {
  /** What the config needs, with each file's digest; large files are read once for that. */
  plan(watch: Watch): Promise<Planned[]>;
  /** The same without digests: at once. */
  glance(): PlanItem[];
  status(live: Live | undefined): StatusReport;
  /** Throws `OFFLINE_MISSING`, `BUNDLE_NOTHING` and what `writeBundle` does. */
  bundle(order: BundleOrder, watch: Watch): Promise<Bundled>;
  /** Throws what is wrong with it; a signer that is not known is in the answer. `trust` are further keys. */
  verify(path: string, trust: readonly string[], watch: Watch): Promise<Verified>;
  /** Both must be signed by somebody, and their objects are not read. */
  diff(old: string, next: string): Promise<Change[]>;
  /** See `restore/restore.ts`. */
  restore(order: RestoreWish, watch: Watch): Promise<Restored>;
  /** The key that bundles of this machine are signed with; made where there is none. */
  publicKey(): Promise<string>;
}

export type RestoreWish = {
  path: string;
  trust: readonly string[];
  only?: readonly Kind[];
  replace: boolean;
  dryRun: boolean;
  passphrase?: string;
};
