/** What is to be carried, as it lies on this machine: an artefact of the manifest before it was read. */

import type { Kind } from "../kind.ts";

export type ToCarry = {
  id: string;
  kind: Kind;
  title: string;
  /** Where it runs, such as "linux-x64-glibc"; without it, everywhere. */
  platform?: string;
  files: readonly FileToCarry[];
  links?: readonly { path: string; target: string }[];
};

export type FileToCarry = {
  /** Below the place where its kind belongs, with "/". */
  path: string;
  /** Where it is now. */
  from: string;
  sizeBytes: number;
  /** The digest it must have, where its name or its manifest says so. */
  sha256?: string;
};

export type Progress = { text: string; doneBytes: number; totalBytes: number };
export type OnProgress = (progress: Progress) => void;
