/** Starts a peer with a folder of its own, and leaves nothing of it behind. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { presetOf } from "../../src/models/presets.ts";
import { createChildren } from "./children.ts";
import { DEMONSTRATION } from "./demonstration.ts";
import type { Folders } from "./folders.ts";
import type { Peer, Started } from "./peer.ts";
import { freePort } from "./ports.ts";
import { Trouble } from "./trouble.ts";

export type Running = Started & {
  /** What to put into isopod.json to reach it. */
  config: object;
  /** Ends it and removes its folder. May be called twice. */
  stop(): Promise<void>;
};

/** Throws `Trouble` where it is not installed or does not come up, or the signal's reason. */
export async function startPeer(
  peer: Peer,
  options: { folders: Folders; port?: number | undefined },
  signal: AbortSignal,
): Promise<Running> {
  const { folders } = options;
  if (peer.version(folders) === undefined) {
    throw new Trouble(
      `${peer.title} is not installed in ${folders.root}`,
      `node test/peers/peers.ts install ${peer.name}`,
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), `isopod-${peer.name}-`));
  const children = createChildren();
  const stop = async () => {
    await children.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const port = options.port ?? (await freePort());
    const started = await peer.start({ folders, children, port, scratch }, signal);
    return { ...started, config: toConfig(peer, started), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The gateway takes no smaller window. */
const SMALLEST_WINDOW = 1024;

function toConfig(peer: Peer, { baseUrl, model, provider, apiKey }: Started): object {
  const { api, runsModels } = presetOf(peer.product);
  const contextWindow =
    peer.expects.context === "unsaid" && DEMONSTRATION.context >= SMALLEST_WINDOW;
  return {
    models: {
      mode: "replace",
      providers: {
        [provider]: {
          api,
          baseUrl,
          ...(apiKey && { apiKey }),
          // It does run here; the program alone does not prove that.
          ...(!runsModels && { locality: "device" }),
          ...(contextWindow && { models: { [model]: { contextWindow: DEMONSTRATION.context } } }),
        },
      },
    },
    agents: { defaults: { model: { primary: `${provider}/${model}` } } },
  };
}
