/**
 * What true servers said, said again: the cases of `conformance.ts` on recordings made by
 * `ISOPOD_PEERS_RECORD=1 npm run test:peers`. So the suite learns from servers that are not there.
 */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import litellm from "../fixtures/recorded/litellm.json" with { type: "json" };
import llamaCppPython from "../fixtures/recorded/llama-cpp-python.json" with { type: "json" };
import llamaServer from "../fixtures/recorded/llama-server.json" with { type: "json" };
import mlx from "../fixtures/recorded/mlx.json" with { type: "json" };
import nodeLlamaCpp from "../fixtures/recorded/node-llama-cpp.json" with { type: "json" };
import ollama from "../fixtures/recorded/ollama.json" with { type: "json" };
import { PEERS } from "./all.ts";
import { CASES } from "./conformance.ts";
import { createReplayEgress, type Recording } from "./recording.ts";

const RECORDINGS: readonly Recording[] = [
  litellm,
  llamaCppPython,
  llamaServer,
  mlx,
  nodeLlamaCpp,
  ollama,
];

for (const recording of RECORDINGS) {
  const { exchanges, version, recordedAt, baseUrl, model, apiKey, demonstration } = recording;
  const peer = PEERS.find(({ name }) => name === recording.peer);
  suite(`recorded: ${recording.peer} ${version} of ${recordedAt.slice(0, 10)}`, () => {
    for (const { title, run, live } of CASES) {
      if (live) continue;
      test(title, async () => {
        assert.ok(peer);
        const egress = createReplayEgress(exchanges, () => title);
        await run({ peer, baseUrl, model, apiKey, egress, demonstration });
      });
    }
  });
}

test("a question that the true server was never asked is no answer", async () => {
  const egress = createReplayEgress(llamaServer.exchanges, () => "a case that is not there");
  const { signal } = new AbortController();
  const asked = async () =>
    egress.request({ url: `${llamaServer.baseUrl}/models`, purpose: "models.list", signal });
  await assert.rejects(asked, /was not recorded/);
});

test("every peer that can be installed has a recording", () => {
  const recorded = RECORDINGS.map(({ peer }) => peer).toSorted();
  assert.deepEqual(recorded, PEERS.map(({ name }) => name).toSorted());
});
