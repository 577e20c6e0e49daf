import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { rereadOf } from "../bench/cache.ts";
import { startTee } from "../bench/tee.ts";

test("a prompt that its server reads again counts, and what is new in it does not", () => {
  const first = { prompt_n: 1_000, cache_n: 0, predicted_n: 50 };
  const kept = { prompt_n: 80, cache_n: 1_040, predicted_n: 30 };
  assert.deepEqual(rereadOf([first, kept]), { prompt: 0, answers: 10 });
  const lost = { prompt_n: 1_120, cache_n: 0, predicted_n: 30 };
  assert.deepEqual(rereadOf([first, lost]), { prompt: 1_000, answers: 50 });
});

test("what stands between passes everything on, and keeps the server's own counts", async (t) => {
  const timings = { prompt_n: 7, cache_n: 3, predicted_n: 2 };
  const lines = ["data: {}", "", `data: ${JSON.stringify({ timings })}`, "", "data: [DONE]", ""];
  const server = createServer((_, response) => void response.end(lines.join("\n")));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const tee = await startTee(`http://127.0.0.1:${port}`);
  t.after(async () => {
    await tee.stop();
    server.close();
  });
  const answer = await fetch(`${tee.url}/v1/chat/completions`, { method: "POST", body: "{}" });
  assert.equal(await answer.text(), lines.join("\n"));
  assert.deepEqual(tee.seen, [timings]);
});
