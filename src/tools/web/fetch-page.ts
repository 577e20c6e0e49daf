/** Reads one page: follows redirects as far as the person agreed, within limits of size, time and hops. */

import { Fault } from "../../base/fault.ts";
import type { Egress, EgressResponse } from "../../network/egress.ts";
import { ACCEPTED_ENCODINGS, readBody } from "./body.ts";
import { readPageUrl } from "./page-url.ts";
import type { Page } from "./page-text.ts";
import { describeTrouble } from "./web-fault.ts";

export type FetchLimits = { maxBytes: number; maxRedirects: number; seconds: number };

export const FETCH_LIMITS: FetchLimits = {
  // Pages of the web have some 100 kB of HTML; the longest ones of an encyclopedia have 2 MB.
  maxBytes: 2 * 1024 * 1024,
  // Browsers follow 20; what needs more than five leads nowhere a reader wants to go.
  maxRedirects: 5,
  // For all of it. A page that takes longer drips on purpose, or its server is in trouble.
  seconds: 20,
};

export type FetchedPage = Page & { isCut: boolean };

export type FetchDeps = {
  egress: Egress;
  limits: FetchLimits;
  /** Whether the person agreed to this site, or config lists it. */
  isAgreed(url: URL): boolean;
};

/**
 * Throws `WEB_REDIRECT` where it leads to a site that nobody agreed to, `WEB_REFUSED`, `WEB_FAILED`,
 * `WEB_UNREADABLE`, `EGRESS_BLOCKED`, and the signal's reason.
 */
export async function fetchPage(
  first: URL,
  { egress, limits, isAgreed }: FetchDeps,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const { seconds, maxBytes, maxRedirects } = limits;
  // Aborted in any case at the end: what is left of a body, or stands beside a redirect, is not waited for.
  const over = new AbortController();
  const late = AbortSignal.timeout(seconds * 1_000);
  const whole = AbortSignal.any([signal, over.signal, late]);
  let url = first;
  try {
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const answer = await get(egress, url, whole);
      const next = nextOf(answer, url);
      if (!next) {
        const { bytes, isCut } = await readBody(answer, { url: url.href, maxBytes });
        return { url, contentType: answer.headers["content-type"] ?? "", bytes, isCut };
      }
      if (!isAgreed(next)) throw new Fault("WEB_REDIRECT", { url: url.href, to: next.href });
      url = next;
    }
    throw failed(url, `more than ${maxRedirects} redirects`);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw failed(url, `it was not all there within ${seconds} s`, error);
    const trouble = describeTrouble(error);
    throw trouble === undefined ? error : failed(url, trouble, error);
  } finally {
    over.abort();
  }
}

/** No cookie, no referrer, no language: a page learns what is fetched and from which network, nothing else. */
const HEADERS = {
  "user-agent": "Isopod",
  accept: "text/html, text/plain, text/markdown, application/json, text/*;q=0.8, */*;q=0.1",
  "accept-encoding": ACCEPTED_ENCODINGS,
};

const get = (egress: Egress, { href: url }: URL, signal: AbortSignal) =>
  egress.request({ url, purpose: "tools.web_fetch", method: "GET", headers: HEADERS, signal });

/** Where a redirect leads; undefined for a page. Throws for an answer that is neither. */
function nextOf({ status, headers }: EgressResponse, url: URL): URL | undefined {
  if (status >= 200 && status < 300) return undefined;
  const to = headers["location"];
  if (![301, 302, 303, 307, 308].includes(status) || to === undefined) {
    throw failed(url, `status ${status}`);
  }
  const next = readPageUrl(to, url);
  if ("refusal" in next) {
    const shown = to.slice(0, SHOWN_CHARS);
    throw new Fault("WEB_REFUSED", {
      url: shown,
      why: `a redirect leads there, and ${next.refusal}`,
    });
  }
  // Whoever sits on the way could read the address then, and write the page.
  if (url.protocol === "https:" && next.url.protocol === "http:") {
    throw new Fault("WEB_REFUSED", { url: next.url.href, why: "a redirect gives up encryption" });
  }
  return next.url;
}

/** As much of an address as a message should carry. */
const SHOWN_CHARS = 300;

const failed = ({ host }: URL, detail: string, cause?: unknown) =>
  new Fault("WEB_FAILED", { host, detail }, { cause });
