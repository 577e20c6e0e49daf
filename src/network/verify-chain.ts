/** Whether the ledger's chain holds, and where it does not. Pure: files come as their bytes. */

import { CHAIN_START, type ChainHead, type ChainMark, followsFrom, readMark } from "./chain.ts";

export type ChainProblem = {
  what: "changed" | "removed" | "moved" | "inserted" | "anchor";
  file: string;
  /** Counted from 1, as editors do; 0 for what is not there at all. */
  line: number;
  /** The number in the chain, where it has one. */
  n?: number;
  text: string;
};

export type ChainReport = {
  ok: boolean;
  /** How many lines are in the chain, its first number and its end; `first` is 0 where there are none. */
  lines: number;
  first: number;
  head: ChainHead;
  problems: ChainProblem[];
  /** What is no fault of the chain, such as what was there before it. */
  notes: string[];
  limits: string[];
};

export type ChainFile = { name: string; bytes: Uint8Array };

type Row = { file: string; line: number; text: string; sizeBytes: number; mark?: ChainMark };

/** The files in their order, the older one first. With `anchor`, whether that line still stands as it was noted. */
export function verifyChain(files: readonly ChainFile[], anchor?: ChainHead): ChainReport {
  const rows = files.flatMap(toRows);
  const numbers = new Map<number, number>();
  for (const { mark } of rows) {
    if (mark) numbers.set(mark.n, (numbers.get(mark.n) ?? 0) + 1);
  }
  const walk = createWalk(numbers);
  for (const row of rows) walk.take(row);
  const { problems, notes, first, head, lines } = walk.end();
  if (anchor) problems.push(...checkAnchor(rows, anchor, files.at(-1)?.name ?? ""));
  if (first > 1) notes.push(BEFORE(first - 1));
  return { ok: problems.length === 0, lines, first, head, problems, notes, limits: LIMITS(head) };
}

function createWalk(numbers: ReadonlyMap<number, number>) {
  const problems: ChainProblem[] = [];
  const notes: string[] = [];
  const seen = new Set<number>();
  let head: ChainHead | undefined;
  let first = 0;
  let file = "";
  let loose: Row[] = [];

  function take(row: Row & { mark?: ChainMark }): void {
    const { mark } = row;
    if (!mark) return void loose.push(row);
    const isFirst = row.file !== file;
    file = row.file;
    settleLoose(mark.torn ?? 0);
    const before = head ?? beginning(mark, isFirst);
    first ||= mark.n;
    const problem = judge(row, mark, before);
    if (problem) problems.push(problem);
    seen.add(mark.n);
    // What was put in or moved does not decide what comes next, as long as the chain goes on without it.
    if (problem?.what !== "inserted" && problem?.what !== "moved") {
      head = { n: mark.n, hash: mark.hash };
    }
  }

  function judge(row: Row, mark: ChainMark, before: ChainHead): ChainProblem | undefined {
    const { n } = mark;
    const at = { file: row.file, line: row.line, n };
    if (n === before.n + 1) {
      if (followsFrom(before.hash, row.text)) return undefined;
      const text = `line ${n} is not as it was written, or the line before it is not`;
      return { what: "changed", ...at, text };
    }
    if (n <= before.n) {
      if (seen.has(n)) return { what: "inserted", ...at, text: `line ${n} stands there twice` };
      return { what: "moved", ...at, text: `line ${n} stands behind line ${before.n}` };
    }
    const missing = range(before.n + 1, n - 1);
    const isElsewhere = missing.every((number) => numbers.has(number));
    const which = missing.length === 1 ? `line ${missing[0]}` : `lines ${before.n + 1} to ${n - 1}`;
    if (isElsewhere) return { what: "moved", ...at, text: `line ${n} stands before ${which}` };
    return { what: "removed", ...at, text: `${which} should stand before it` };
  }

  /** Lines without a place are what a crash tore, if the next line says so; else somebody put them there. */
  function settleLoose(torn: number): void {
    const sizeBytes = loose.reduce((sum, row) => sum + row.sizeBytes, 0);
    const [begin] = loose;
    if (sizeBytes !== torn && begin) {
      const { file, line } = begin;
      const text = "it has no place in the chain: it was put in, or its number or hash was changed";
      problems.push({ what: "inserted", file, line, text });
    } else if (begin) {
      const what = `${sizeBytes} bytes at line ${begin.line} of ${begin.file} are in no chain`;
      notes.push(`${what}: torn by a crash, or older than the chain`);
    }
    if (sizeBytes === 0 && torn > 0) {
      notes.push(`${torn} bytes that a crash had torn are no longer there`);
    }
    loose = [];
  }

  return {
    take,
    end() {
      const [begin] = loose;
      if (begin) {
        const text = "it has no place in the chain: a crash tore it just now, or it was put in";
        problems.push({ what: "inserted", file: begin.file, line: begin.line, text });
      }
      return { problems, notes, first, head: head ?? CHAIN_START, lines: seen.size };
    },
  };
}

/** What the first line there is claims to come after. */
function beginning(mark: ChainMark, isFirst: boolean): ChainHead {
  if (mark.n === 1) return CHAIN_START;
  // Without `prev` the lines before it were cut off in the middle of a file.
  if (!isFirst || mark.prev === undefined) return { n: 0, hash: "" };
  return { n: mark.n - 1, hash: mark.prev };
}

function checkAnchor(rows: readonly Row[], { n, hash }: ChainHead, file: string): ChainProblem[] {
  const found = rows.find(({ mark }) => mark?.n === n);
  if (found?.mark?.hash === hash) return [];
  const text = found
    ? `line ${n} has another hash than the one that was noted: the ledger was written anew`
    : `line ${n}, whose hash was noted, is not there: the end was cut off, or it is too old`;
  return [{ what: "anchor", file, line: found?.line ?? 0, n, text }];
}

function toRows({ name, bytes }: ChainFile): Row[] {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const last = lines.pop();
  const rows = lines.map((text, at) => toRow(name, at + 1, text, 1));
  return last ? [...rows, toRow(name, lines.length + 1, last, 0)] : rows;
}

/** Latin-1 keeps a byte a character, so that lengths are those of the file. */
function toRow(file: string, line: number, raw: string, endBytes: number): Row {
  const text = Buffer.from(raw, "latin1").toString("utf8");
  const mark = readMark(text);
  return { file, line, text, sizeBytes: raw.length + endBytes, ...(mark && { mark }) };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);

const BEFORE = (count: number) =>
  `The ${count} lines before the first are gone: a full ledger drops its oldest file. Whether somebody else cut them, nobody can tell`;

const LIMITS = ({ n, hash }: ChainHead) => [
  `Lines cut off at the end leave no trace. Note the end somewhere else, and give it back later: --head ${n}:${hash}`,
  "Whoever may write these files can write them anew from some line on, with hashes that fit; a noted --head shows that, too",
];
