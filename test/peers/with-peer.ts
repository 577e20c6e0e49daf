/** A suite before one true server: started before it, ended after it, skipped by name where it is not installed. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, suite } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import type { Provider } from "../../src/models/provider.ts";
import { dialects } from "../../src/models/providers.ts";
import { createEgress } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { createFolders, type Folders, peersRoot } from "./folders.ts";
import type { Peer } from "./peer.ts";
import { type Running, startPeer } from "./start.ts";

export type AtPeer = {
  /** Both are there once the suite runs. */
  running(): Running;
  /** The server's own dialect, or another one that it speaks. */
  open(api?: string): Provider;
};

export function withPeer(peer: Peer, what: string, tests: (at: AtPeer) => void): void {
  const folders = createFolders(peersRoot(process.env));
  const version = peer.version(folders);
  const absent = `${peer.title} is not installed: npm run peers -- install ${peer.name}`;
  const skip = skipWithout(version, absent, folders);

  suite(`${what}: ${peer.title} ${version ?? ""}`.trim(), { skip }, () => {
    let running: Running;
    // The guard as it is, in the narrowest mode: what it lets through is on this machine.
    const egress = createEgress({
      doors: openDoors,
      policy: () => ({ mode: "device", hosts: [] }),
      ledger: { append() {} },
      clock: systemClock,
    });
    before(async () => {
      running = await startPeer(peer, { folders }, new AbortController().signal);
    });
    after(async () => {
      await running?.stop(); // it may not have come up
      await egress.close();
    });
    const own = peer.product === "ollama" ? "ollama" : "openai-completions";
    const open = (api = own) => {
      const dialect = dialects[api];
      assert.ok(dialect, `there is no dialect "${api}"`);
      const { baseUrl } = running;
      return dialect({ id: "p", baseUrl, egress, newCallId: () => "own", product: peer.product });
    };
    tests({ running: () => running, open });
  });
}

/**
 * Why a suite is skipped, or false where it is not: what is missing fails where ISOPOD_TEST_COMPLETE=1 and there is
 * a folder that it could have been installed into.
 */
export function skipWithout(version: string | undefined, absent: string, { root }: Folders) {
  const complete = process.env["ISOPOD_TEST_COMPLETE"] === "1" && existsSync(root);
  return version === undefined && !complete ? absent : false;
}
