/**
 * What the page's address says, all of it in the fragment: a fragment is never sent, so neither a pairing
 * code nor a session's id ends up in a log or a referrer.
 */

export type Address =
  | { kind: "home" }
  | { kind: "session"; id: string }
  | { kind: "pair"; code: string };

export function parseAddress(hash: string): Address {
  const pair = /^#pair=([^&]{4,64})$/.exec(hash)?.[1];
  if (pair) return { kind: "pair", code: decode(pair) };
  const id = /^#\/s\/([\w-]{1,80})$/.exec(hash)?.[1];
  return id ? { kind: "session", id } : { kind: "home" };
}

export const toHash = (session: string | null): string => (session ? `#/s/${session}` : "#/");

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A code with a stray percent sign is a wrong code, and the gateway will say so.
    return text;
  }
}
