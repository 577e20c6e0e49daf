/** The bodies of `/api/documents`: folders that may be searched, reading them, and what is found. */

import { z } from "zod";

import type { FaultReport } from "../base/fault.ts";

export const DocumentsAdd = z.object({
  /** Absolute, on the gateway's machine. */
  path: z.string().min(1).max(4_096),
  /** Searched in private sessions only. */
  private: z.boolean().optional(),
});
export type DocumentsAdd = z.infer<typeof DocumentsAdd>;

export const DocumentsSearch = z.object({
  query: z.string().min(1).max(1_000),
  limit: z.int().min(1).max(50).optional(),
});
export type DocumentsSearch = z.infer<typeof DocumentsSearch>;

export type DocumentFolderReport = {
  id: string;
  /** What its paths begin with where they are cited. */
  name: string;
  path: string;
  private: boolean;
  addedAt: number;
  /** When it was last gone through to its end; null where that was not finished. */
  indexedAt: number | null;
  /** Whether it is being read now. */
  reading: boolean;
  files: number;
  passages: number;
  /** Of those, how many can be found by their meaning. */
  vectors: number;
  sizeBytes: number;
  /** What was not read, and why; the first ones. */
  leftOut: { path: string; why: string }[];
  leftOutCount: number;
};

export type DocumentList = {
  folders: DocumentFolderReport[];
  /** The model that makes vectors, or why there is none: then words alone count. */
  meaning: { model: string } | { why: string };
};

/** What reading a folder tells while it runs; the last one is `done` or `failed`. */
export type DocumentEvent =
  | { type: "progress"; text: string; done?: number; total?: number }
  | {
      type: "done";
      folder: DocumentFolderReport;
      added: number;
      changed: number;
      removed: number;
      unchanged: number;
      seconds: number;
      /** What did not work and keeps nobody from searching. */
      warning?: FaultReport;
    }
  | ({ type: "failed" } & FaultReport);

export type DocumentHit = {
  /** Its folder's name and its path below that. */
  document: string;
  line: number;
  page?: number;
  text: string;
  /** It is another file by now, or gone. */
  changed?: true;
};

export type DocumentsFound = {
  hits: DocumentHit[];
  /** Whether the meaning counted beside the words. */
  meaning: boolean;
};
