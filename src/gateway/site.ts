/**
 * The web app's files. What may be served is listed once, at the start: a path that is not in the list is
 * no file, whatever stands on the disk and however it is spelt.
 */

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

import { Fault } from "../base/fault.ts";

export interface Site {
  answer(method: string, path: string, headers: Headers): Promise<Response>;
  /** Whether there is an app to show. */
  readonly built: boolean;
}

/** What the build makes. A file of another kind is not served: nobody put it there on purpose. */
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};

/** The build puts a hash of the content into these names: they never change. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/;
const IMMUTABLE = "public, max-age=31536000, immutable";

type File = { path: string; type: string; cache: string; gzipPath?: string };
type Content = { bytes: Uint8Array; etag: string };

export function createSite(dir: string): Site {
  const files = listFiles(dir);
  const index = files.get("/index.html");
  const contents = new Map<string, Promise<Content>>();

  const read = (path: string): Promise<Content> => {
    const known = contents.get(path);
    if (known) return known;
    const content = readFile(path).then((bytes) => ({
      bytes,
      etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    }));
    contents.set(path, content);
    // A file that vanished (a build is running) is looked for again.
    content.catch(() => contents.delete(path));
    return content;
  };

  return {
    built: index !== undefined,
    answer: async (method, path, headers) => {
      if (method !== "GET" && method !== "HEAD") {
        throw new Fault("METHOD_REFUSED", { method, allowed: "GET, HEAD" });
      }
      const file = files.get(path === "/" ? "/index.html" : path);
      const shown = file ?? (isNavigation(headers) || path === "/" ? index : undefined);
      if (!index && (path === "/" || isNavigation(headers))) return missingPage();
      if (!shown) throw new Fault("NOT_FOUND", { what: `a file at ${path.slice(0, 100)}` });
      const gzip = shown.gzipPath !== undefined && acceptsGzip(headers);
      const content = await read(gzip ? (shown.gzipPath ?? shown.path) : shown.path);
      return send(shown, content, { gzip, method, headers });
    },
  };
}

function send(
  file: File,
  { bytes, etag }: Content,
  { gzip, method, headers }: { gzip: boolean; method: string; headers: Headers },
): Response {
  const shared = {
    "cache-control": file.cache,
    ...(file.gzipPath === undefined ? {} : { vary: "accept-encoding" }),
    ...(file.cache === "no-store" ? {} : { etag }),
  };
  if (headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: shared });
  }
  return new Response(method === "HEAD" ? null : Buffer.from(bytes), {
    headers: {
      ...shared,
      "content-type": file.type,
      "content-length": String(bytes.byteLength),
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    },
  });
}

/** Regular files only: a link in the folder could name anything on the disk. */
function listFiles(dir: string): Map<string, File> {
  let entries;
  try {
    entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  } catch {
    // No folder means not built: said on the page itself and by a check, not by refusing to start.
    return new Map();
  }
  const paths = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(
    [...paths].flatMap((path): [string, File][] => {
      const type = TYPES[extname(path)];
      if (!type) return [];
      const name = `/${relative(dir, path).split(sep).join("/")}`;
      const gzipPath = paths.has(`${path}.gz`) ? `${path}.gz` : undefined;
      const cache = cacheOf(name);
      return [[name, { path, type, cache, ...(gzipPath === undefined ? {} : { gzipPath }) }]];
    }),
  );
}

function cacheOf(name: string): string {
  if (HASHED.test(name)) return IMMUTABLE;
  // The page names the hashed files: an old copy would ask for files that are gone.
  return name === "/index.html" ? "no-store" : "no-cache";
}

const acceptsGzip = (headers: Headers) => /\bgzip\b/.test(headers.get("accept-encoding") ?? "");

/** A person who opens an address, not a script that fetches a file. */
const isNavigation = (headers: Headers): boolean =>
  headers.get("sec-fetch-mode") === "navigate" ||
  (headers.get("sec-fetch-mode") === null && (headers.get("accept") ?? "").includes("text/html"));

function missingPage(): Response {
  const { code, message, fix, status } = new Fault("APP_MISSING", {});
  const html = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Isopod</title><h1>${code}</h1><p>${message}.</p><p>${fix}.</p></html>
`;
  return new Response(html, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
