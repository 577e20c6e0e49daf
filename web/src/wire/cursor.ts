/**
 * Whether something at `cursor` comes after what was fetched at `seen`. A cursor is `epoch:seq`; another
 * epoch is another run of the gateway, and cannot be compared: it counts as later, and a `resync` follows.
 */
export function isAfter(cursor: string, seen: string | null): boolean {
  if (seen === null) return true;
  const [epoch, seq] = splitCursor(cursor);
  const [seenEpoch, seenSeq] = splitCursor(seen);
  return epoch !== seenEpoch || seq > seenSeq;
}

function splitCursor(cursor: string): [epoch: string, seq: number] {
  const colon = cursor.lastIndexOf(":");
  return [cursor.slice(0, colon), Number(cursor.slice(colon + 1))];
}
