/**
 * A registry that a real Ollama pulls from: manifests and blobs as Docker's registry API v2 has them, with
 * ranges. Plain HTTP on loopback, so `insecure` must be said.
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Layer = { type: "model" | "template" | "params" | "license"; bytes: Uint8Array };

export interface FakeRegistry {
  /** Such as "http://127.0.0.1:1234/library/demo:latest", for `ollama pull`. */
  readonly name: string;
  /** Bytes of blobs that were sent so far. */
  readonly sentBytes: number;
  /** From now on so many bytes of a blob are sent in ten milliseconds. */
  pace(bytes: number): void;
  close(): Promise<void>;
}

const PIECE_BYTES = 64 * 1024;

export async function startRegistry(layers: readonly Layer[]): Promise<FakeRegistry> {
  const blobs = new Map<string, Uint8Array>();
  const describe = (mediaType: string, bytes: Uint8Array) => {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = Buffer.from(
    JSON.stringify({
      model_format: "gguf",
      model_family: "llama",
      model_families: ["llama"],
      model_type: "2M",
      file_type: "Q8_0",
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [] },
    }),
  );
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    config: describe("application/vnd.docker.container.image.v1+json", config),
    layers: layers.map(({ type, bytes }) =>
      describe(`application/vnd.ollama.image.${type}`, bytes),
    ),
  });
  const state = { sentBytes: 0, pace: Infinity };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const digest = /\/(?:blobs|store)\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1];
    if (path.includes("/manifests/")) return void response.end(manifest);
    const blob = digest === undefined ? undefined : blobs.get(digest);
    if (!blob) return void response.writeHead(404).end();
    // As the true one does: blobs lie on another host, and Ollama wants to be sent there.
    if (path.includes("/blobs/") && request.method === "GET") {
      const location = `http://localhost:${portOf(server)}/store/${digest}`;
      return void response.writeHead(307, { location }).end();
    }
    void sendBlob(request, response, blob, state);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    name: `http://127.0.0.1:${portOf(server)}/library/demo:latest`,
    get sentBytes() {
      return state.sentBytes;
    },
    pace: (bytes) => void (state.pace = bytes),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port; // TCP, so never a string

async function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  blob: Uint8Array,
  state: { sentBytes: number; pace: number },
): Promise<void> {
  const [, from = "0", to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const begin = Number(from);
  const end = to ? Math.min(Number(to) + 1, blob.length) : blob.length;
  response.writeHead(request.headers.range ? 206 : 200, {
    "content-length": end - begin,
    "content-range": `bytes ${begin}-${end - 1}/${blob.length}`,
    "accept-ranges": "bytes",
  });
  if (request.method === "HEAD") return void response.end();
  for (let at = begin; at < end && !response.destroyed;) {
    const size = Math.min(PIECE_BYTES, state.pace, end - at);
    response.write(blob.subarray(at, at + size));
    state.sentBytes += size;
    at += size;
    if (state.pace < Infinity) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  response.end();
}
