/**
 * Embeddings before true servers, with the demonstration model in them: what its vectors are worth is not the
 * point, that each text has one, and that what is too long or not there is told, is.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { EmbedRequest } from "../../src/models/provider.ts";
import { llamaServer } from "./llama-server.ts";
import { ollama } from "./ollama.ts";
import { type AtPeer, withPeer } from "./with-peer.ts";

const EMBEDDINGS = "embeddings";

withPeer(ollama, EMBEDDINGS, (at) => {
  const ask = askOf(at);

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

withPeer(llamaServer, EMBEDDINGS, (at) => {
  const ask = askOf(at);

  test("one that was started for chats alone says that it makes none", async () => {
    await assert.rejects(ask({ texts: ["a"] }), { code: "MODEL_WITHOUT_EMBEDDINGS" });
  });
});

function askOf({ open, running }: AtPeer) {
  return (request: Pick<EmbedRequest, "texts"> & Partial<EmbedRequest>) => {
    const { embed } = open();
    assert.ok(embed);
    const { signal } = new AbortController();
    return embed({ model: running().model, contextTokens: 2048, ...request }, signal);
  };
}
