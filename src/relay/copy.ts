/**
 * Copies a model from another device's Ollama into this one's, part by part, without a registry. What was
 * fetched is kept wherever it stops; nothing counts before its digest was checked, and the model appears last.
 */

import { createHash, type Hash } from "node:crypto";

import type { Clock } from "../base/clock.ts";
import { Fault, ReportedFault } from "../base/fault.ts";
import type { Egress, EgressResponse } from "../network/egress.ts";
import type { KeepingEvent } from "../protocol/model-keeping.ts";
import { MAX_MANIFEST_BYTES, type Part, readManifest, type Store } from "./ollama-store.ts";

/** The other device, as config names it. */
export type CopySource = { id: string; url: string; headers: Readonly<Record<string, string>> };

export type CopyOptions = { egress: Egress; store: Store; clock: Clock };

const HEAD_MS = 15_000;
/** Often enough for a bar that moves. */
const TELL_EVERY_MS = 250;
/** Ollama and the rest of the machine need some, too. */
const SPARE_BYTES = 64 * 1024 * 1024;

/** Throws `SHARE_UNREACHABLE`, `SHARE_DAMAGED`, `SHARE_STORE`, or what the other device says. */
export async function* copyModel(
  from: CopySource,
  model: string,
  { egress, store, clock }: CopyOptions,
  signal: AbortSignal,
): AsyncGenerator<KeepingEvent> {
  const begun = clock.elapsedMs();
  const get = (path: string) => ask(egress, from, path, signal);
  const manifest = await readManifestOf(model, get);
  const parts = readManifest(manifest, model);
  const missing: Part[] = [];
  for (const part of parts) {
    if ((await store.sizeOf(part.digest)) !== part.size) missing.push(part);
  }
  const totalBytes = missing.reduce((sum, { size }) => sum + size, 0);
  await checkSpace(store, model, totalBytes);

  let doneBytes = 0;
  let toldMs = -Infinity;
  for (const part of missing) {
    for await (const bytes of fetchPart(part, get, store)) {
      doneBytes += bytes;
      if (clock.elapsedMs() - toldMs < TELL_EVERY_MS) continue;
      toldMs = clock.elapsedMs();
      yield { type: "progress", text: "copying", doneBytes, totalBytes };
    }
  }
  await store.writeManifest(model, manifest);
  const seconds = Math.round((clock.elapsedMs() - begun) / 1000);
  yield { type: "done", ref: model, seconds };
}

async function readManifestOf(
  model: string,
  get: (path: string) => Promise<EgressResponse>,
): Promise<Buffer> {
  const { body } = await get(`/isopod/manifest?model=${encodeURIComponent(model)}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) {
      throw new Fault("SHARE_DAMAGED", { what: model, detail: "its description is far too long" });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function checkSpace(store: Store, model: string, needed: number): Promise<void> {
  const free = await store.freeBytes();
  if (needed + SPARE_BYTES <= free) return;
  const detail = `it needs ${needed} bytes, and ${free} are free`;
  throw new Fault("SHARE_DAMAGED", { what: model, detail });
}

/** Yields how many bytes there are more. Goes on where an earlier run stopped. */
async function* fetchPart(
  { digest, size }: Part,
  get: (path: string) => Promise<EgressResponse>,
  store: Store,
): AsyncGenerator<number> {
  const hash = createHash("sha256");
  let done = await readBefore(digest, size, hash, store);
  yield done;
  if (done < size) {
    const { body } = await get(`/isopod/blobs/${digest}?from=${done}`);
    const file = await store.append(digest);
    try {
      for await (const chunk of body) {
        done += chunk.length;
        if (done > size) break;
        hash.update(chunk);
        await file.write(chunk);
        yield chunk.length;
      }
    } finally {
      await file.close();
    }
  } else if (size === 0) await (await store.append(digest)).close();
  if (done === size && `sha256:${hash.digest("hex")}` === digest) return store.keep(digest);
  const isCut = done < size;
  if (!isCut) await store.drop(digest); // its bytes are others than were promised: none of them is used
  const detail = isCut ? "it was cut off" : "its digest is another one than was told";
  throw new Fault("SHARE_DAMAGED", { what: digest, detail });
}

/** What lies there of an earlier run is hashed, not believed. */
async function readBefore(digest: string, size: number, hash: Hash, store: Store): Promise<number> {
  const before = await store.partial(digest);
  if (before > size) await store.drop(digest);
  if (before === 0 || before > size) return 0;
  for await (const chunk of store.readPartial(digest)) hash.update(chunk);
  return before;
}

async function ask(
  egress: Egress,
  { url, headers }: CopySource,
  path: string,
  signal: AbortSignal,
): Promise<EgressResponse> {
  let response: EgressResponse;
  try {
    const request = { purpose: "models.copy", headers: { ...headers }, headTimeoutMs: HEAD_MS };
    response = await egress.request({ ...request, url: url + path, signal });
  } catch (cause) {
    throw toUnreachable(url, cause, signal);
  }
  if (response.status === 200) return response;
  throw await toRefused(url, response);
}

/** The guard's own words pass; a socket's become ours. */
export function toUnreachable(url: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof Fault && cause.code !== "EGRESS_TIMEOUT") return cause;
  const { code } = Object(cause) as { code?: unknown };
  const detail = typeof code === "string" ? code : "no answer";
  return new Fault("SHARE_UNREACHABLE", { url, detail }, { cause });
}

/** The other device says in our own form what is wrong. */
export async function toRefused(
  url: string,
  response: EgressResponse,
): Promise<Fault | ReportedFault> {
  const text = await response.text(64 * 1024);
  try {
    const fault = ReportedFault.from(JSON.parse(text));
    if (fault) return fault;
  } catch {
    // not JSON: it is no device of ours
  }
  const detail = `it answered ${response.status}, and not as Isopod does`;
  return new Fault("SHARE_UNREACHABLE", { url, detail });
}
