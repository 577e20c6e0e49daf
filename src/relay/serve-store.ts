/** Hands out the files of a model to a device that may read them: `models copy` on the other side asks. */

import { Fault } from "../base/fault.ts";
import type { RawResponse } from "../network/raw.ts";
import type { RelayScope } from "../protocol/share.ts";
import type { Asked } from "./gate.ts";
import { readManifest, type Store } from "./ollama-store.ts";

const MANIFEST = "/isopod/manifest";
const BLOB = /^\/isopod\/blobs\/(sha256:[0-9a-f]{64})$/;
const BYTES = { "content-type": "application/octet-stream", "cache-control": "no-store" };

/** Throws `SHARE_SCOPE`, `RELAY_NOT_OFFERED`, `RELAY_MODEL_MISSING` or `SHARE_STORE`. */
export async function serveStore(
  store: Store,
  { method, path, query }: Asked,
  scopes: readonly RelayScope[],
  signal: AbortSignal,
): Promise<RawResponse> {
  const [, digest] = BLOB.exec(path) ?? [];
  if (method !== "GET" || (path !== MANIFEST && digest === undefined)) {
    throw new Fault("RELAY_NOT_OFFERED", { route: `${method.slice(0, 10)} ${path.slice(0, 80)}` });
  }
  if (!scopes.includes("read")) throw new Fault("SHARE_SCOPE", { scope: "read" });
  if (digest === undefined) {
    const model = query.get("model") ?? "";
    const bytes = await store.manifest(model);
    if (!bytes) throw new Fault("RELAY_MODEL_MISSING", { model: model.slice(0, 100) });
    readManifest(bytes, model); // a broken one is told here, and not by who copies it
    return { status: 200, headers: BYTES, body: bytes };
  }
  const size = await store.sizeOf(digest);
  if (size === undefined) throw new Fault("RELAY_MODEL_MISSING", { model: digest });
  const from = Number(query.get("from") ?? 0);
  if (!Number.isSafeInteger(from) || from < 0 || from > size) {
    throw new Fault("RELAY_REQUEST_REFUSED", { why: "it begins behind the end" });
  }
  return { status: 200, headers: BYTES, body: until(store.read(digest, from), signal) };
}

async function* until(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}
