import assert from "node:assert/strict";
import { test } from "node:test";

import { detectCut } from "./cut.ts";

const measured = { bytesPerToken: 4, before: undefined };

test("a server that reads a part of what was sent is found out", () => {
  assert.deepEqual(detectCut({ ...measured, sizeBytes: 32_000, inputTokens: 4096 }), {
    readTokens: 4096,
    sentTokens: 8000,
  });
  const before = { sizeBytes: 12_000, inputTokens: 3000 };
  assert.ok(detectCut({ bytesPerToken: 4, before, sizeBytes: 40_000, inputTokens: 4096 }));
});

test("it is found out in the first request too, where the count is beyond any text", () => {
  const unknown = { bytesPerToken: undefined, before: undefined };
  assert.ok(detectCut({ ...unknown, sizeBytes: 60_000, inputTokens: 4096 }));
  assert.equal(detectCut({ ...unknown, sizeBytes: 25_000, inputTokens: 4096 }), undefined);
});

test("a server that counts what it read anew alone is not accused", () => {
  const before = { sizeBytes: 30_000, inputTokens: 7500 };
  assert.equal(
    detectCut({ bytesPerToken: 4, before, sizeBytes: 31_000, inputTokens: 260 }),
    undefined,
  );
});

test("a text that is sparser than those before is not taken for one that was cut", () => {
  assert.equal(detectCut({ ...measured, sizeBytes: 32_000, inputTokens: 6000 }), undefined);
  const before = { sizeBytes: 32_000, inputTokens: 5000 };
  assert.equal(
    detectCut({ bytesPerToken: 4, before, sizeBytes: 36_000, inputTokens: 5500 }),
    undefined,
  );
});

test("a server that counts nothing, and a prompt of a few words, say nothing", () => {
  assert.equal(detectCut({ ...measured, sizeBytes: 32_000, inputTokens: 0 }), undefined);
  assert.equal(detectCut({ ...measured, sizeBytes: 1_000, inputTokens: 10 }), undefined);
});
