/** Files beyond what FAT32 takes and numbers of 32 bits hold, as holes: nothing of them is written. */

import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import {
  artefactOf,
  createPlace,
  ggufBytes,
  never,
  orderOf,
  put,
  quiet,
  SIGNER,
} from "../../src/offline/format/examples.ts";
import { objectNames } from "../../src/offline/format/source.ts";
import { openSigned, verifyObjects } from "../../src/offline/format/verify-bundle.ts";
import { writeBundle } from "../../src/offline/format/write-bundle.ts";

const MIB = 1024 * 1024;

test("two gigabytes are split, stopped and gone on with; holes stay holes", async (t) => {
  const place = createPlace(t);
  const path = put(place.at("huge.gguf"), ggufBytes());
  const file = openSync(path, "r+");
  ftruncateSync(file, 2048 * MIB);
  closeSync(file);
  const artefacts = [artefactOf("gguf", { "huge.gguf": path })];
  const order = orderOf(place.at("out"), { artefacts, splitBytes: 900 * MIB });
  const stop = new AbortController();
  const halfway = ({ doneBytes }: { doneBytes: number }) => doneBytes > 300 * MIB && stop.abort();
  await assert.rejects(writeBundle(order, halfway, stop.signal), { name: "AbortError" });
  const manifest = await writeBundle(order, quiet, never);
  assert.equal(manifest.objects[0]?.parts?.length, 3);
  const opened = await openSigned(order.out, [SIGNER.publicKey]);
  await verifyObjects(opened, manifest.objects, { onProgress: quiet, signal: never });
  const names = manifest.objects.flatMap(objectNames);
  const blocks = names.map((name) => statSync(join(order.out, name)).blocks * 512);
  assert.ok(Math.max(...blocks) < 10 * MIB, "it takes no space that it does not need");
});
