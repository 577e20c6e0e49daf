/** What the two ends of a thread's channel write to each other. */

import type { FaultReport } from "../base/fault.ts";
import type { FolderSummary } from "../store/document-index.ts";
import type { Found, SearchJob } from "./search.ts";

export type Job =
  | { kind: "index"; folder: FolderJob; keepOut: readonly string[] }
  /** What nobody could read: it ended the thread, or took too long. */
  | { kind: "leave-out"; folder: FolderJob; path: string; why: string }
  | { kind: "remove"; folder: string }
  | { kind: "summary"; folder: string }
  | ({ kind: "search" } & SearchJob)
  | { kind: "read"; folder: string; shown: string; line: number }
  | { kind: "without-vector"; folder: string; model: string }
  | { kind: "put-vectors"; model: string; vectors: readonly PassageVector[] };

export type FolderJob = { id: string; path: string };
export type PassageVector = { passage: number; vector: readonly number[] };

/** To the thread; it takes them one after the other. Anything but 0 in `stop` ends the job. */
export type JobLetter = { id: number; database: string; job: Job; stop: SharedArrayBuffer };

/** What a job ends with. */
export type Results = {
  index: IndexResult;
  "leave-out": null;
  remove: null;
  summary: FolderSummary;
  search: Found[];
  read: Found[];
  "without-vector": { id: number; text: string }[];
  "put-vectors": null;
};

export type IndexResult = {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  leftOut: number;
  /** Ended by `stop`; what was read by then stays. */
  stopped: boolean;
  /** There are more files than are looked at. */
  isCut: boolean;
};

export type Progress = { doneFiles: number; totalFiles: number };

/** From the thread. A job ends with `done` or `failed`. */
export type AnswerLetter = { id: number } & (
  | { type: "progress"; progress: Progress }
  /** Begins with this file, or gets on in it. */
  | { type: "reading"; path: string }
  | { type: "done"; result: unknown }
  | { type: "failed"; fault: FaultReport }
);
