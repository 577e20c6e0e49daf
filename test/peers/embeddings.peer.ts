/**
 * Embeddings before true servers, with the demonstration model in them: what its vectors are worth is not the
 * point, that each text has one, and that what is too long or not there is told, is.
 */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import type { EmbedRequest, Provider } from "../../src/models/provider.ts";
import { dialects } from "../../src/models/providers.ts";
import { createEgress } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { createFolders, peersRoot } from "./folders.ts";
import { llamaServer } from "./llama-server.ts";
import { ollama } from "./ollama.ts";
import type { Peer } from "./peer.ts";
import { type Running, startPeer } from "./start.ts";

const never = new AbortController().signal;
const folders = createFolders(peersRoot(process.env));

withPeer(ollama, (ask) => {
  test("each text has a vector, the same one alone and among others", async () => {
    const both = await ask({ texts: ["hello there", "the answer is 42"] });
    const alone = await ask({ texts: ["the answer is 42"] });
    assert.equal(both.vectors.length, 2);
    assert.ok(both.inputTokens > alone.inputTokens);
    const [, among = []] = both.vectors;
    const [own = []] = alone.vectors;
    assert.equal(own.length, among.length);
    const dot = own.reduce((sum, value, index) => sum + value * (among[index] ?? 0), 0);
    assert.ok(dot > 0.99, `the cosine of the two is ${dot}`);
  });

  test("the vectors are as long as asked for", async () => {
    const { vectors } = await ask({ texts: ["hello"], dimensions: 16 });
    assert.equal(vectors[0]?.length, 16);
  });

  test("a text that is too long is refused and not cut", async () => {
    const long = ask({ texts: ["word ".repeat(20_000)] });
    await assert.rejects(long, { code: "MODEL_CONTEXT_EXCEEDED" });
  });

  test("a model that is not there is missing", async () => {
    await assert.rejects(ask({ texts: ["a"], model: "gone" }), { code: "MODEL_MISSING" });
  });
});

withPeer(llamaServer, (ask) => {
  test("one that was started for chats alone says that it makes none", async () => {
    await assert.rejects(ask({ texts: ["a"] }), { code: "MODEL_WITHOUT_EMBEDDINGS" });
  });
});

type Ask = (
  request: Pick<EmbedRequest, "texts"> & Partial<EmbedRequest>,
) => ReturnType<NonNullable<Provider["embed"]>>;

function withPeer(peer: Peer, tests: (ask: Ask) => void): void {
  const version = peer.version(folders);
  const skip = version === undefined && `${peer.title} is not installed`;

  suite(`embeddings of ${peer.title} ${version ?? ""}`.trim(), { skip }, () => {
    let running: Running;
    let provider: Provider;
    const egress = createEgress({
      doors: openDoors,
      policy: () => ({ mode: "device", hosts: [] }),
      ledger: { append() {} },
      clock: systemClock,
    });
    before(async () => {
      running = await startPeer(peer, { folders }, never);
      const dialect = dialects[peer.product === "ollama" ? "ollama" : "openai-completions"];
      assert.ok(dialect);
      const { baseUrl } = running;
      provider = dialect({ id: "p", baseUrl, egress, newCallId: () => "own" });
    });
    after(async () => {
      await running.stop();
      await egress.close();
    });
    tests((request) => {
      assert.ok(provider.embed);
      return provider.embed({ model: running.model, contextTokens: 2048, ...request }, never);
    });
  });
}
