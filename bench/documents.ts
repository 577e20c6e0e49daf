/**
 * Local documents: 10,000 files made on the fly, read and searched, beside what `grep -r` takes over the same
 * files in the same run. `node bench/documents.ts [files]` by itself, or a part of `npm run bench`.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

import { systemClock as clock } from "../src/base/clock.ts";
import { createDocuments } from "../src/documents/create-documents.ts";
import type { Documents } from "../src/documents/documents.ts";
import { openDoors } from "../src/process/doors.ts";
import { createPrograms } from "../src/process/programs.ts";
import { createStore } from "../src/store/sqlite.ts";
import { type Row, table } from "./report.ts";

const FILES = 10_000;
const LINES = 30;
const WORDS = 20_000;
const QUESTIONS = [
  "invoice",
  "invoice contract",
  "river house mountain",
  "모델",
  "오프라인 설정",
  "meeting about the garden",
  "invo",
];

const signal = new AbortController().signal;

export async function measureDocuments(files = FILES): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), "isopod-bench-documents-"));
  const folder = join(home, "documents");
  writeCorpus(folder, files);
  const store = await createStore({ folder: ":memory:", clock });
  const programs = createPrograms({
    doors: openDoors,
    ledger: { append() {} },
    path: process.env["PATH"] ?? "/usr/bin:/bin",
  });
  const documents = createDocuments({
    folders: store.documents,
    programs,
    database: join(home, "documents.db"),
    keepOut: [],
    embedder: {
      known: () => undefined,
      find: async () => ({ why: "words alone are measured" }),
      embed: () => Promise.reject(new Error("there is no model")),
    },
    clock,
    log: { warn() {} },
  });
  try {
    return await measure(documents, { folder, files });
  } finally {
    await documents.close();
    await programs.close();
    await store.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(
  documents: Documents,
  { folder, files }: { folder: string; files: number },
): Promise<Row[]> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const readMs = await timed(() => add(documents, folder));
  delay.disable();
  const againMs = await timed(() => add(documents, folder));
  const queries = [];
  const greps = [];
  const cpuBefore = process.cpuUsage();
  let asked = 0;
  for (const query of QUESTIONS) {
    const times = [];
    for (let i = 0; i < 9; i++) {
      const question = { person: "kim", query, limit: 10 };
      times.push(await timed(() => documents.search(question, signal)));
      asked += 1;
    }
    queries.push(median(times));
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const query of QUESTIONS) {
    const [word = ""] = query.split(" ");
    greps.push(await timed(async () => void spawnSync("grep", ["-rin", word, folder])));
  }
  return [
    { what: `documents: a query in ${files} files, ms`, is: median(queries), reach: 20 },
    { what: "  its processor time, ms", is: (user + system) / 1_000 / asked },
    { what: "  the slowest of them, ms", is: Math.max(...queries) },
    {
      what: "  how often a query fits into one grep -rin",
      is: median(greps) / median(queries),
      reach: 5,
      more: true,
    },
    { what: "  read, files a second", is: files / (readMs / 1_000) },
    { what: "  longest wait of the event loop meanwhile, ms", is: delay.max / 1e6 },
    { what: "  read again with nothing changed, ms", is: againMs },
  ];
}

async function add(documents: Documents, path: string): Promise<void> {
  for await (const event of documents.add({ person: "kim", path, private: false }, signal)) {
    if (event.type === "failed") throw new Error(event.message);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Words as often as in a language: the n-th most frequent one has an n-th of the first one's share (Zipf). */
function writeCorpus(folder: string, files: number): void {
  const random = createRandom(20_261_130);
  const syllables = "ba co di fu ge ha ki lo mu na pe qui ro sa te vi wo xi ya zu".split(" ");
  const syllable = () => syllables[Math.floor(random() * syllables.length)] ?? "";
  const words = Array.from({ length: WORDS }, (_, at) =>
    Array.from({ length: 2 + (at % 3) }, syllable).join(""),
  );
  const known = "the about meeting garden invoice contract river house mountain letter".split(" ");
  for (const [at, word] of known.entries()) words[at * 15] = word;
  const word = () => words[Math.floor(WORDS ** random()) - 1] ?? "the";
  for (let at = 0; at < files; at++) {
    const place = join(folder, `${at % 100}`);
    mkdirSync(place, { recursive: true });
    const lines = Array.from({ length: LINES }, () => Array.from({ length: 10 }, word).join(" "));
    if (at % 10 === 0) lines.push(`이 모델을 오프라인으로 설정합니다 ${at}`);
    writeFileSync(join(place, `${word()} ${at}.md`), lines.join("\n"));
  }
}

/** The same corpus each time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(table(await measureDocuments(Number(process.argv[2] ?? FILES))));
}
