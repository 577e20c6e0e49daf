import { catalogue, type FaultReport } from "../base/fault.ts";

/**
 * On every answer. The policy allows what the app is made of and nothing else: a model's output that slips
 * through the sanitiser can neither run, nor load an image that tells somebody about it.
 */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  [
    "content-security-policy",
    [
      "default-src 'self'",
      "img-src 'self' data: blob:",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  // Browsers look up the hosts of a page's links ahead of a click: a link could carry words out.
  ["x-dns-prefetch-control", "off"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  [
    "permissions-policy",
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  ],
];

/** Answers are about one person at one moment; what may be kept says so itself. */
const CACHE = "no-store";

export function secure(response: Response, requestId: string): Response {
  const { headers } = response;
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  if (!headers.has("cache-control")) headers.set("cache-control", CACHE);
  headers.set("x-request-id", requestId);
  return response;
}

export const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json" },
  });

/**
 * A body that came too slowly is not waited for any longer. One that is too large is read on and thrown away
 * for a moment: to close at once would cut off most clients before they have seen the answer.
 */
const CLOSES = ["REQUEST_SLOW"];

export function faultAnswer(fault: Failure, shape: "isopod" | "openai"): Response {
  const { code, message, fix } = fault;
  const error = shape === "openai" ? toOpenAiError(fault) : { code, message, fix };
  const response = json({ error }, fault.status);
  if (CLOSES.includes(fault.code)) response.headers.set("connection", "close");
  if (fault.status === 401) response.headers.set("www-authenticate", "Bearer");
  return response;
}

/** A fault as it is answered. One that another process reported has its words and no status. */
export type Failure = FaultReport & { status: number };

export const toFailure = ({ code, message, fix }: FaultReport): Failure => {
  const rows: Record<string, { status: number }> = catalogue;
  return { code, message, fix, status: (Object.hasOwn(rows, code) && rows[code]?.status) || 500 };
};

/**
 * OpenAI's shape (https://platform.openai.com/docs/guides/error-codes), with our code and fix in it. Most
 * clients show the message and nothing else, so both stand there too.
 */
export const toOpenAiError = ({ code, message, fix, status }: Failure) => ({
  message: toSentence({ code, message, fix }),
  type: typeOf(status),
  param: null,
  code,
  fix,
});

/** All of a fault in one text. */
export const toSentence = ({ code, message, fix }: FaultReport): string =>
  `${code}: ${message}. ${fix}`;

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
