import type { LedgerLine } from "../../../protocol/api.ts";

/** A line of the ledger for people. */
export function toLedgerRow(line: LedgerLine): string[] {
  const { at, kind, purpose, host, address, sentBytes, receivedBytes, verdict, why } = line;
  return [
    new Date(at).toISOString().replace("T", " ").slice(0, 19),
    kind,
    purpose,
    host,
    address,
    `${sentBytes}`,
    `${receivedBytes}`,
    why === undefined ? verdict : `${verdict}: ${why}`,
  ];
}
