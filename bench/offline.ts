/**
 * `node bench/offline.ts`: how fast a bundle is written and verified, beside `sha256sum` on the same files in the
 * same run. Needs twice the size on the disk; `--mib 512` says how much is carried.
 */

import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { createSigner } from "../src/base/signature.ts";
import { openSigned, verifyObjects } from "../src/offline/format/verify-bundle.ts";
import { writeBundle } from "../src/offline/format/write-bundle.ts";
import { type Row, table } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    mib: { type: "string", default: "512" },
    runs: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const FILES = 4;
const fileBytes = (Number(options.mib) / FILES) * 1024 * 1024;
const signer = createSigner();
const watch = { onProgress: () => {}, signal: new AbortController().signal };
const place = mkdtempSync(join(tmpdir(), "isopod-bench-offline-"));

try {
  const files = Array.from({ length: FILES }, (_, at) => join(place, `${at}.bin`));
  for (const file of files) writeFileSync(file, randomFillSync(Buffer.alloc(fileBytes)));
  const runs = await repeat(Number(options.runs), (run) => measure(files, run));
  const best = (pick: (one: Measured) => number) => Math.min(...runs.map(pick));
  const sums = best(({ sumsMs }) => sumsMs);
  const rows: Row[] = [
    percent("bundle, % of sha256sum's speed", sums / best(({ bundleMs }) => bundleMs)),
    percent("bundle --split, % of sha256sum's speed", sums / best(({ splitMs }) => splitMs)),
    percent("verify, % of sha256sum's speed", sums / best(({ verifyMs }) => verifyMs)),
    { what: "  sha256sum, MiB/s", is: Number(options.mib) / (sums / 1000) },
  ];
  console.log(options.json ? JSON.stringify(rows) : table(rows));
} finally {
  rmSync(place, { recursive: true, force: true });
}

type Measured = { sumsMs: number; bundleMs: number; splitMs: number; verifyMs: number };

async function measure(files: readonly string[], run: number): Promise<Measured> {
  const out = join(place, `bundle-${run}`);
  const split = join(place, `split-${run}`);
  const sumsMs = await time(() => {
    if (spawnSync("sha256sum", files).status !== 0) throw new Error("sha256sum failed");
  });
  const bundleMs = await time(() => write(files, out));
  const verifyMs = await time(() => verify(out));
  rmSync(out, { recursive: true });
  const splitMs = await time(() => write(files, split, fileBytes / 2));
  rmSync(split, { recursive: true });
  return { sumsMs, bundleMs, splitMs, verifyMs };
}

function write(files: readonly string[], out: string, splitBytes?: number) {
  return writeBundle(
    {
      out,
      ...(splitBytes !== undefined && { splitBytes }),
      artefacts: [
        {
          id: "bench",
          kind: "image",
          title: "bench",
          files: files.map((from, at) => ({ path: `${at}.tar`, from, sizeBytes: fileBytes })),
        },
      ],
      id: `bundle_${"0".repeat(26)}`,
      createdAt: new Date(0).toISOString(),
      version: "bench",
      platform: "bench",
      signer,
    },
    watch.onProgress,
    watch.signal,
  );
}

async function verify(path: string): Promise<void> {
  const opened = await openSigned(path, [signer.publicKey]);
  await verifyObjects(opened, opened.manifest.objects, watch);
}

async function time(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function repeat<T>(times: number, work: (run: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let run = 0; run < times; run++) all.push(await work(run));
  return all;
}

function percent(what: string, share: number): Row {
  return { what, is: 100 * share, reach: 80, more: true };
}
