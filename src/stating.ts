/** What `isopod egress statement` reads and signs, from outside of the gateway: part of the composition root. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { Fault } from "./base/fault.ts";
import { isSignedBy, openSigner } from "./base/installation-key.ts";
import type { ChainHead } from "./network/chain.ts";
import { readCounters } from "./network/counters.ts";
import { readChainFiles } from "./network/read-ledger.ts";
import { makeStatement, type Statement } from "./offline/statement/statement.ts";

export type StatementRequest = {
  session: { id: string; createdAt: number; updatedAt: number };
  /** The process of the gateway that runs now. */
  pid: number | undefined;
  out: string | undefined;
};

export async function stateEgress(
  { home, version }: { home: string; version: string },
  { session, pid, out }: StatementRequest,
): Promise<{ statement: Statement; file: string; publicKey: string }> {
  const { sign, publicKey } = openSigner(home);
  const folder = join(home, "proofs");
  const madeAt = clock.now();
  const statement = makeStatement({
    version,
    madeAt,
    session,
    files: await readChainFiles(home),
    anchors: readAnchors(folder, publicKey),
    live: pid === undefined ? undefined : readCounters(pid),
    here: readCounters()?.namespace,
  });
  const day = new Date(madeAt).toISOString().replaceAll(":", "-").slice(0, 19);
  const file = out ?? join(folder, `statement-${session.id}-${day}.json`);
  const bytes = Buffer.from(`${JSON.stringify(statement, undefined, 1)}\n`);
  const signature = sign(bytes, `isopod egress statement ${session.id}`);
  try {
    if (out === undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { mode: 0o600 });
    writeFileSync(`${file}.minisig`, signature, { mode: 0o600 });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("STATEMENT_UNWRITABLE", { file, detail }, { cause });
  }
  return { statement, file, publicKey };
}

/** The ends of the chain in statements that this key signed: the ledger must still have them. */
function readAnchors(folder: string, publicKey: string): ChainHead[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^statement-.*\.json$/.test(name));
  return names.flatMap((name) => {
    const file = join(folder, name);
    try {
      const bytes = readFileSync(file);
      if (!isSignedBy(publicKey, bytes, readFileSync(`${file}.minisig`, "utf8"))) return [];
      return [(JSON.parse(bytes.toString("utf8")) as Statement).chain.head]; // signed by us
    } catch {
      return []; // half of a pair: it vouches for nothing
    }
  });
}
