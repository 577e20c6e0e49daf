/** What a socket says when a request fails, in words; undefined for what nobody foresaw, which is a bug. */
export function describeTrouble(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known = MEANINGS[code];
  if (known) return known;
  if (OF_TLS.test(code)) return `its certificate is not accepted (${code})`;
  return CODED.test(code) ? `the connection failed (${code})` : undefined;
}

const MEANINGS: Partial<Record<string, string>> = {
  EGRESS_TIMEOUT: "it does not answer", // the guard's own words speak of model servers
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "there is no such name",
  EAI_AGAIN: "names cannot be looked up now",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
};

/** What OpenSSL and Node say of a certificate or a handshake. */
const OF_TLS = /CERT|SELF_SIGNED|^UNABLE_TO|^ERR_TLS|^ERR_SSL|^EPROTO$/;

/** Errors of sockets (`E…`, but none of our own codes) and of the HTTP parser (`HPE_…`). */
const CODED = /^(E[A-Z0-9]+|HPE_[A-Z_]+)$/;
