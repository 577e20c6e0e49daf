/**
 * Runs the conformance cases against one true server. Where it is not installed they are skipped by name;
 * with ISOPOD_TEST_COMPLETE=1 and a cache folder to install into, that fails. With ISOPOD_PEERS_RECORD=1 what
 * the server said is written to test/fixtures/recorded, for the suite that has no servers.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import { createEgress } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { CASES } from "./conformance.ts";
import { DEMONSTRATION, weightsDigest } from "./demonstration.ts";
import { createFolders, peersRoot } from "./folders.ts";
import type { Peer } from "./peer.ts";
import { createRecordingEgress, type Exchange } from "./recording.ts";
import { type Running, startPeer } from "./start.ts";
import { skipWithout } from "./with-peer.ts";

export function testPeer(peer: Peer): void {
  const folders = createFolders(peersRoot(process.env));
  const version = peer.version(folders);
  const absent = `${peer.title} is not installed: npm run peers -- install ${peer.name}`;
  const skip = skipWithout(version, absent, folders);

  suite(`${peer.title} ${version ?? ""}`.trim(), () => {
    let running: Running;
    let caseNow = "";
    let failed = false;
    const exchanges: Exchange[] = [];
    // The guard as it is, in the narrowest mode: what it lets through is on this machine.
    const guard = createEgress({
      doors: openDoors,
      policy: () => ({ mode: "device", hosts: [] }),
      ledger: { append() {} },
      clock: systemClock,
    });
    const egress = createRecordingEgress(guard, exchanges, () => caseNow);

    before(async () => {
      if (!skip) running = await startPeer(peer, { folders }, new AbortController().signal);
    });

    for (const { title, run } of CASES) {
      test(title, { skip }, async () => {
        caseNow = title;
        const { baseUrl, model, apiKey } = running;
        try {
          await run({ peer, baseUrl, model, apiKey, egress, demonstration: DEMONSTRATION });
        } catch (error) {
          failed = true;
          throw error;
        }
      });
    }

    after(async () => {
      if (skip) return;
      guard.close();
      await running.stop();
      if (process.env["ISOPOD_PEERS_RECORD"] === "1" && !failed)
        record(peer, version, running, exchanges);
    });
  });
}

function record(
  peer: Peer,
  version: string | undefined,
  { baseUrl, model, apiKey }: Running,
  exchanges: readonly Exchange[],
): void {
  const live = new Set(CASES.flatMap(({ title, live }) => (live ? title : [])));
  const recording = {
    peer: peer.name,
    version,
    recordedAt: new Date().toISOString(),
    weights: weightsDigest(),
    baseUrl,
    model,
    apiKey,
    demonstration: DEMONSTRATION,
    exchanges: exchanges.filter((exchange) => !live.has(exchange.case)).map(withoutMachine),
  };
  const folder = join(import.meta.dirname, "../fixtures/recorded");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${peer.name}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}

/**
 * MLX names the kernel and the C library of the machine in every chunk, llama.cpp the folder of its weights:
 * no business of a fixture.
 */
const withoutMachine = (exchange: Exchange): Exchange => ({
  ...exchange,
  body: exchange.body
    .replaceAll(/Linux-[\w.-]+/g, "Linux")
    .replaceAll(join(import.meta.dirname, "../.."), "/isopod"),
});
