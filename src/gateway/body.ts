import type { z } from "zod";

import { Fault } from "../base/fault.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "../base/json.ts";

export type BodyLimits = { maxBytes: number; timeoutMs: number };

/**
 * Reads a JSON body; none at all is an empty object. Throws `REQUEST_TOO_LARGE` before it reads, where the length is announced, and as soon
 * as the limit is passed where it is not; `REQUEST_SLOW`; `REQUEST_INVALID` for what is no JSON in UTF-8.
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  if (!hasBody(request.headers)) return {};
  // A form of a foreign page can post text/plain without asking first, but never this.
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw invalid("header Content-Type", 'must be "application/json"');
  }
  if (/^(?!identity$)./i.test(request.headers.get("content-encoding") ?? "")) {
    throw invalid("header Content-Encoding", "must be absent: a body is read as it comes");
  }
  const bytes = await withDeadline(readBytes(request, limits.maxBytes), limits.timeoutMs);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid("body", "is not UTF-8", cause);
  }
  // What comes after, from the schemas to a model server's own parser, walks over it level by level.
  if (isTooDeep(text)) throw invalid("body", `is nested deeper than ${MAX_JSON_DEPTH} levels`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes the body, which may be private.
    throw invalid("body", text.trim() === "" ? "is empty; send JSON" : "is not JSON", cause);
  }
}

const hasBody = (headers: Headers): boolean =>
  headers.has("content-type") ||
  headers.has("transfer-encoding") ||
  Number(headers.get("content-length") ?? 0) > 0;

/** Throws `REQUEST_INVALID` with the path of each field that is wrong and what is allowed there. */
export function parseBody<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, MAX_ISSUES);
  const [first] = issues;
  const where = first && first.path.length > 0 ? `field "${first.path.join(".")}"` : "body";
  const detail = issues
    .map(({ path, message }, index) =>
      index === 0 ? lowerFirst(message) : `field "${path.join(".")}": ${lowerFirst(message)}`,
    )
    .join("; ");
  throw invalid(where, detail, parsed.error);
}

/** One wrong field often makes others wrong. */
const MAX_ISSUES = 3;

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    // The HTTP parser holds a sender to the length it announced, so this read has an end.
    if (!(Number(announced) <= maxBytes)) throw tooLarge(maxBytes);
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Fault("REQUEST_SLOW", { seconds: Math.ceil(timeoutMs / 1000) })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // The one that lost may still fail, when the connection is cut; nobody waits for it then.
    work.catch(() => undefined);
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

const tooLarge = (limitBytes: number) => new Fault("REQUEST_TOO_LARGE", { limitBytes });

const invalid = (where: string, detail: string, cause?: unknown) =>
  new Fault("REQUEST_INVALID", { where, detail }, { cause });
