/** A restore that is killed at any moment: either nothing is in place, or the next call brings it to its end. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";

import {
  artefactOf,
  createPlace,
  ggufBytes,
  put,
  SIGNER,
  write,
} from "../../src/offline/format/examples.ts";

const PROGRAM = join(import.meta.dirname, "../fakes/restore-program.ts");
const KILLS = 50;

test("killed at fifty random moments, a restore did nothing or goes on, and ends as one that was left alone", async (t) => {
  const place = createPlace(t);
  const large = (name: string) =>
    put(place.at("from", name), ggufBytes(Buffer.alloc(512 * 1024, name)));
  const files = Object.fromEntries(
    ["a", "b", "c", "d", "e", "f"].map((name) => [`${name}.gguf`, large(`${name}.gguf`)]),
  );
  const config = put(place.at("from/isopod.json"), '{"offline":true}');
  await write(place.at("stick"), {
    artefacts: [artefactOf("gguf", files), artefactOf("config", { "isopod.json": config })],
  });
  const begin = (home: string) => {
    const args = [PROGRAM, home, place.at("stick"), SIGNER.publicKey];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    return { child, ended: once(child, "exit") };
  };
  const whole = place.at("whole");
  const startedAt = performance.now();
  assert.deepEqual(await begin(whole).ended, [0, null]);
  const tookMs = performance.now() - startedAt;
  const wanted = contents(whole);
  assert.equal(wanted.size, 7);

  const seen = { nothing: 0, some: 0, all: 0 };
  for (let i = 0; i < KILLS; i++) {
    const home = place.at("home");
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { mode: 0o700 });
    const { child, ended } = begin(home);
    // From when the process has loaded its code to its end; what is even is as good as chance, and can be repeated.
    await Promise.race([pause(tookMs * (0.3 + (0.75 * i) / KILLS)), ended]);
    child.kill("SIGKILL");
    await ended;
    const placed = contents(home);
    for (const [path, digest] of placed) assert.equal(digest, wanted.get(path), path);
    const journal = join(home, "offline/restore.json");
    if (placed.size > 0 && placed.size < wanted.size)
      assert.match(
        readFileSync(journal, "utf8"),
        /"switching"/,
        "what is half done is known to be",
      );
    seen[placed.size === 0 ? "nothing" : placed.size < wanted.size ? "some" : "all"] += 1;
    assert.deepEqual(await begin(home).ended, [0, null]);
    assert.deepEqual(contents(home), wanted);
    assert.ok(!existsSync(journal));
    assert.deepEqual(globSync([join(home, "**/.isopod-restore"), join(home, "models/.*")]), []);
  }
  assert.ok(
    seen.nothing > 0 && seen.all > 0,
    `it was killed before and after: ${JSON.stringify(seen)}`,
  );
});

/** What is in place, by path and digest. */
function contents(home: string): Map<string, string> {
  const names = globSync(["models/*", "isopod.json"], { cwd: home }).toSorted();
  return new Map(
    names
      .filter((name) => lstatSync(join(home, name)).isFile())
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(home, name)))
          .digest("hex"),
      ]),
  );
}
