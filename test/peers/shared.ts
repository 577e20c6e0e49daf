/**
 * True servers behind the relay: what holds for each of them on this machine holds for a paired device, over
 * TLS with a pinned key. A wrong name is refused by the relay where a server would take it.
 */

import { after, before, suite, test } from "node:test";

import { rootOf } from "../../src/models/presets.ts";
import { systemClock } from "../../src/base/clock.ts";
import { createEgress, type Guard } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { createShareStage, type ShareStage } from "../fakes/share-stage.ts";
import { CASES } from "./conformance.ts";
import { DEMONSTRATION } from "./demonstration.ts";
import { createFolders, peersRoot } from "./folders.ts";
import type { Peer } from "./peer.ts";
import { type Running, startPeer } from "./start.ts";
import { skipWithout } from "./with-peer.ts";

export function testShared(peer: Peer): void {
  const folders = createFolders(peersRoot(process.env));
  const version = peer.version(folders);
  const absent = `${peer.title} is not installed: npm run peers -- install ${peer.name}`;
  const skip = skipWithout(version, absent, folders);

  suite(`shared with another device: ${peer.title} ${version ?? ""}`.trim(), { skip }, () => {
    const closers: (() => unknown)[] = [];
    let running: Running;
    let stage: ShareStage;
    let token = "";
    let egress: Guard;

    before(async () => {
      running = await startPeer(peer, { folders }, new AbortController().signal);
      const product = peer.product === "ollama" ? "ollama" : "openai";
      const owner = { after: (closer: () => unknown) => void closers.unshift(closer) };
      stage = await createShareStage(owner, { product, baseUrl: rootOf(running.baseUrl) });
      ({ token } = await stage.pair());
      egress = createEgress({
        doors: openDoors,
        policy: () => ({ mode: "device", hosts: [] }),
        ledger: { append() {} },
        clock: systemClock,
        pinOf: () => (found) => found === stage.share.status().pin,
      });
    });
    after(async () => {
      egress?.close(); // it may not have come up
      for (const close of closers) await close();
      await running?.stop();
    });

    for (const { title, run } of CASES) {
      test(title, async () => {
        const url = `https://127.0.0.1:${stage.port}`;
        const baseUrl = running.baseUrl.replace(rootOf(running.baseUrl), url);
        const relayed = { ...peer, expects: { ...peer.expects, wrongName: "refused" as const } };
        const { model } = running;
        const demonstration = DEMONSTRATION;
        await run({ peer: relayed, baseUrl, model, apiKey: token, egress, demonstration });
      });
    }
  });
}
