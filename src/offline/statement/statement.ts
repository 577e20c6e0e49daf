/** A statement of everything that left the gateway while a session was there. Pure; `src/proving.ts` reads and signs. */

import { CHAIN_START, type ChainHead, type ChainMark, readMark } from "../../network/chain.ts";
import { START } from "../../network/counters.ts";
import { parseLines } from "../../network/ledger.ts";
import { type ChainFile, verifyChain } from "../../network/verify-chain.ts";
import type { LedgerLine } from "../../protocol/api.ts";
import type { Counters } from "../../protocol/counters.ts";
import { type Left, type Peer, sumCounters, toPeers, unaccounted } from "./account.ts";

export type Statement = {
  format: "isopod-egress-statement/1";
  version: string;
  madeAt: number;
  session: string;
  /** Of the session; the lines below reach from the counters before it to those after it. */
  from: number;
  to: number;
  /**
   * `accounted`: counters below the gateway saw nothing that the ledger does not tell. `ledger only`: nobody but
   * the gateway itself counted. `failed`: something left of which no line tells, or the ledger was touched.
   */
  verdict: "accounted" | "ledger only" | "failed";
  reasons: string[];
  source: { kind: "namespace" | "interfaces" | "ledger"; why: string };
  /** What left by any interface but loopback; null where nothing was counted. */
  left: Left | null;
  /** Bytes of those of which no line tells. */
  unaccountedBytes: number;
  peers: Peer[];
  /** How often the guard refused. */
  refused: number;
  chain: { ok: boolean; before: string; head: ChainHead };
  /** The ledger's own lines, byte for byte, and what was counted when this was made. */
  lines: string[];
  now: LedgerLine | null;
  limits: string[];
};

export type StatementInput = {
  version: string;
  madeAt: number;
  session: { id: string; createdAt: number; updatedAt: number };
  files: readonly ChainFile[];
  /** Ends of the chain that earlier statements signed. */
  anchors: readonly ChainHead[];
  /** Read from outside of the running gateway, where one runs. */
  live: Counters | undefined;
  /** The namespace in which this is asked; a gateway in another one has counters of its own. */
  here: string | undefined;
};

type Row = { text: string; mark: ChainMark; line: LedgerLine };

export function makeStatement(input: StatementInput): Statement {
  const { session, files, madeAt, version } = input;
  const report = verifyChain(files);
  const rows = files.flatMap(toRows);
  const { window, before, reachesEnd } = cutOut(rows, session.createdAt, session.updatedAt);
  const now = reachesEnd ? toLine(input.live, madeAt, window) : null;
  const lines = [...window.map(({ line }) => line), ...(now ? [now] : [])];
  const isCounted = window[0]?.line.kind === "counters";
  const left = isCounted ? sumCounters(lines, START) : null;
  const source = chooseSource(lines, left, input.here);
  const unaccountedBytes = source.kind === "namespace" && left ? unaccounted(left, lines) : 0;
  const reasons = [
    ...report.problems.map(
      ({ file, line, text }) => `the ledger was touched at ${file}:${line}: ${text}`,
    ),
    ...checkAnchors(input.anchors, report.first, rows),
    ...(unaccountedBytes > 0
      ? [
          `${unaccountedBytes} bytes left by ${lines[0]?.address} of which no line of the ledger tells`,
        ]
      : []),
  ];
  const verdict = source.kind === "ledger" ? "ledger only" : "accounted";
  return {
    format: "isopod-egress-statement/1",
    version,
    madeAt,
    session: session.id,
    from: session.createdAt,
    to: session.updatedAt,
    verdict: reasons.length > 0 ? "failed" : verdict,
    reasons,
    source,
    left,
    unaccountedBytes,
    peers: toPeers(lines, source.kind === "namespace"),
    refused: lines.filter((line) => line.verdict === "blocked").length,
    chain: { ok: report.ok, before, head: headOf(window) },
    lines: window.map(({ text }) => text),
    now,
    limits: LIMITS[source.kind].concat(ALWAYS),
  };
}

function toRows({ bytes }: ChainFile): Row[] {
  return Buffer.from(bytes)
    .toString("utf8")
    .split("\n")
    .flatMap((text) => {
      const mark = readMark(text);
      const [line] = mark ? parseLines(text) : [];
      return mark && line ? [{ text, mark, line }] : [];
    });
}

/** From the counters before the session to those after it, or to the end of the run that it was in. */
function cutOut(rows: readonly Row[], from: number, to: number) {
  const isCounters = ({ line }: Row) => line.kind === "counters";
  const first = rows.findLastIndex((row) => isCounters(row) && row.line.at <= from);
  const start = Math.max(0, first);
  const after = rows.findIndex((row, at) => at > start && isCounters(row) && row.line.at >= to);
  const isNextRun = rows[after]?.line.purpose === START;
  const end = after === -1 ? rows.length : isNextRun ? after : after + 1;
  const window = rows.slice(start, end);
  const before = rows[start - 1]?.mark.hash ?? rows[0]?.mark.prev ?? CHAIN_START.hash;
  return { window, before, reachesEnd: after === -1 };
}

/** The counters of this moment, in the shape of the lines that keep them; of another run or namespace they say nothing. */
function toLine(live: Counters | undefined, at: number, window: readonly Row[]): LedgerLine | null {
  const last = window.findLast(({ line }) => line.kind === "counters");
  if (!live || last?.line.host !== live.namespace) return null;
  const { namespace, interfaces, sentBytes, receivedBytes, ...counters } = live;
  const names = { kind: "counters", purpose: "counters.now", host: namespace } as const;
  const address = interfaces.join(",");
  const verdict = "allowed" as const;
  return { at, ...names, address, sentBytes, receivedBytes, verdict, counters };
}

function chooseSource(
  lines: readonly LedgerLine[],
  left: Left | null,
  here: string | undefined,
): Statement["source"] {
  const spaces = new Set(lines.filter(({ kind }) => kind === "counters").map(({ host }) => host));
  if (!left || here === undefined) {
    return {
      kind: "ledger",
      why: "the kernel's counters were not kept for this time, or this system has none",
    };
  }
  if (!spaces.has(here)) {
    const why =
      "the gateway had a network namespace apart from the one this was asked in, and the kernel counted there";
    return { kind: "namespace", why };
  }
  if (left.frames === 0) {
    return {
      kind: "interfaces",
      why: "no interface of this machine but loopback sent a single frame",
    };
  }
  const why = "the gateway shares its network namespace: the kernel's counters are everybody's";
  return { kind: "ledger", why };
}

function checkAnchors(
  anchors: readonly ChainHead[],
  first: number,
  rows: readonly Row[],
): string[] {
  const hashes = new Map(rows.map(({ mark }) => [mark.n, mark.hash]));
  return anchors
    .filter(({ n, hash }) => n >= first && hashes.get(n) !== hash)
    .map(
      ({ n }) =>
        `line ${n} is not the one that an earlier statement signed: the ledger was written anew or cut`,
    );
}

function headOf(window: readonly Row[]): ChainHead {
  const mark = window.at(-1)?.mark;
  return mark ? { n: mark.n, hash: mark.hash } : CHAIN_START;
}

const LIMITS: Record<Statement["source"]["kind"], readonly string[]> = {
  namespace: [
    "Between two readings the counters are those that the gateway wrote into its ledger; the last one was read from outside while it ran, and a sum that was written too low then shows",
    "Beside allowed traffic, some 20 bytes in each frame can hide among what the headers take",
  ],
  interfaces: ["The counters of the beginning are those that the gateway wrote into its ledger"],
  ledger: [
    "Nobody but the gateway counted: code that goes round its guard leaves no line. Run it in a network namespace of its own (docs/network.md) to have the kernel count",
  ],
};

const ALWAYS = [
  "Peers on this machine and beyond are taken at their word: what they sent on is not proven, unless they share the counted namespace",
  "Lines cut off the ledger's end before this was made leave no trace, unless an earlier statement or `isopod egress log verify --head` has the end",
  "The ledger does not know sessions: what other sessions and people did in that time is in here as well",
  "Whoever has the state folder has the key that signs this",
];
