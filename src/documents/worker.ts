/** The thread that reads documents or searches them. What is no `Fault` ends it: those who wait are told. */

import { parentPort } from "node:worker_threads";

import { Fault } from "../base/fault.ts";
import { openDocumentIndex, type DocumentIndex } from "../store/document-index.ts";
import { indexFolder, showName } from "./index-folder.ts";
import type { AnswerLetter, Job, JobLetter } from "./letters.ts";
import { stampNow } from "./open-file.ts";
import { search, toFound } from "./search.ts";
import { createNearest, type Nearest, toBytes } from "./vectors.ts";

type Opened = { index: DocumentIndex; nearest: Nearest };

let opened: Opened | undefined;
let turn: Promise<void> = Promise.resolve();

parentPort?.on("message", (letter: JobLetter) => {
  turn = turn.then(() => run(letter)); // a rejection is not caught: it ends the thread
});

async function run({ id, database, job, stop }: JobLetter): Promise<void> {
  const send = (answer: AnswerLetter) => parentPort?.postMessage(answer);
  const flag = new Int32Array(stop);
  try {
    opened ??= open(database);
    const result = await act(opened, job, {
      isStopped: () => Atomics.load(flag, 0) !== 0,
      onReading: (path) => send({ id, type: "reading", path }),
      onProgress: (progress) => send({ id, type: "progress", progress }),
    });
    send({ id, type: "done", result: result ?? null });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    send({ id, type: "failed", fault: error.toJSON() });
  }
}

function open(database: string): Opened {
  const index = openDocumentIndex(database);
  return { index, nearest: createNearest(index) };
}

type Ears = Pick<Parameters<typeof indexFolder>[2], "isStopped" | "onReading" | "onProgress">;

function act({ index, nearest }: Opened, job: Job, ears: Ears): unknown {
  switch (job.kind) {
    case "index":
      return indexFolder(job.folder, job.keepOut, { index, now: Date.now, ...ears });
    case "leave-out":
      return leaveOut(index, job);
    case "remove":
      return index.removeFolder(job.folder);
    case "summary":
      return index.summary(job.folder);
    case "search":
      return search(index, nearest, job);
    case "read":
      return read(index, job);
    case "without-vector":
      return index.withoutVector({ ...job, limit: BATCH_VECTORS });
    case "put-vectors":
      return index.transact(() => {
        const vectors = job.vectors.map(({ passage, vector }) => {
          const { buffer } = toBytes(vector);
          return { passage, vector: new Uint8Array(buffer) };
        });
        index.putVectors(job.model, vectors);
      });
  }
}

/** So many texts go to a model at once: between two batches a person may go first. */
const BATCH_VECTORS = 32;

/** More than a model is shown at once. */
const READ_PASSAGES = 12;

const read = (index: DocumentIndex, job: Extract<Job, { kind: "read" }>) =>
  index
    .read({ ...job, limit: READ_PASSAGES })
    .map((passage) => toFound(passage, [{ id: job.folder, path: "" }]));

function leaveOut(
  index: DocumentIndex,
  { folder, path, why }: Extract<Job, { kind: "leave-out" }>,
) {
  // The stamp that it has now: it is tried again once it is another file.
  const stamp = stampNow(folder.path, path);
  const row = { folder: folder.id, path, shown: showName(path), stamp, hash: "", kind: "text" };
  index.transact(() => index.put({ ...row, sizeBytes: 0, lineCount: 0, why }, []));
}
