/**
 * Builds the page: `web/` to `web/dist`, with a gzipped sibling for each text file. With `--if-stale` it
 * does so only when a source changed since the last build. It runs before every start and test, so it is
 * silent and quick when there is nothing to do. Without Vite (`npm ci --omit=dev`) it leaves what there is.
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "..");
const web = join(root, "web");
const dist = join(web, "dist");
const stamp = join(dist, ".sources");

/** Everything that the build reads, files and folders. Hashed by content: a fresh clone has new times and the same files. */
const SOURCES = [
  "web/index.html",
  "web/tsconfig.json",
  "web/vite.config.ts",
  "web/public",
  "web/src",
  "src/protocol",
  "package-lock.json",
  "scripts/build-web.ts",
];
/** What gains nothing from compression is not listed; pictures are compressed already. */
const COMPRESSED = /\.(html|js|css|svg|json)$/;

const hash = hashSources();
const isFresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
if (!(isFresh && process.argv.includes("--if-stale"))) await build();

async function build(): Promise<void> {
  const vite = await loadVite();
  if (!vite) {
    if (existsSync(dist)) return;
    console.log("web: the page is not built: Vite is not installed. Run `npm ci` to build it");
    return;
  }
  const startedAt = performance.now();
  // Built aside and moved in whole: a gateway that runs meanwhile never serves half a page.
  const next = join(root, ".cache", `web-${process.pid}`);
  try {
    await vite.build({
      root: web,
      configFile: join(web, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: next, emptyOutDir: true },
    });
    const sizeBytes = compress(next);
    writeFileSync(join(next, ".sources"), hash);
    replace(next);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`web: built in ${seconds} s, ${(sizeBytes / 1000).toFixed(1)} kB gzipped`);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

function hashSources(): string {
  const sum = createHash("sha256");
  const files = SOURCES.flatMap((source) => listFiles(join(root, source)));
  for (const file of files.filter((file) => !file.endsWith(".test.ts"))) {
    sum
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return sum.digest("hex");
}

/** A file, or all that are in a folder, sorted. (A glob would do, and takes four times as long to load.) */
function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Undefined where it is not installed. */
async function loadVite() {
  try {
    return await import("vite");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
      return undefined;
    }
    throw error;
  }
}

/** Returns what a first visit transfers, in bytes. */
function compress(folder: string): number {
  const files = listFiles(folder).filter((path) => COMPRESSED.test(path));
  const sizes = files.map((path) => {
    const gzipped = gzipSync(readFileSync(path), { level: 9 });
    writeFileSync(`${path}.gz`, gzipped);
    return gzipped.byteLength;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

function replace(next: string): void {
  const old = `${next}-old`;
  mkdirSync(join(root, ".cache"), { recursive: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
}
