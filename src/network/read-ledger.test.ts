import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { createLedger } from "./ledger.ts";
import { followLedger, ledgerPath, readChainFiles, readLastLines } from "./read-ledger.ts";

test("followLedger() tells each line that is written after it began, over a full file as well", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "isopod-follow-"));
  t.after(() => rmSync(home, { recursive: true }));
  const path = ledgerPath(home);
  const ledger = createLedger({ path, clock: systemClock, log: silentLog, maxBytes: 600 });
  const append = (purpose: string) => {
    ledger.append({
      kind: "request",
      purpose,
      host: "127.0.0.1:1",
      address: "127.0.0.1",
      sentBytes: 1,
      receivedBytes: 1,
      verdict: "allowed",
    });
    ledger.flush();
  };
  append("before");
  const ending = new AbortController();
  const heard: string[] = [];
  const following = (async () => {
    for await (const { purpose } of followLedger(home, ending.signal)) {
      heard.push(purpose);
      // A file takes two of these lines: the third one goes into the next.
      if (purpose === "n4") ending.abort();
      else append(`n${heard.length}`);
    }
  })();
  await new Promise((resolve) => setImmediate(resolve));
  setTimeout(() => append("n0"), 50);
  await assert.rejects(following, { name: "AbortError" });
  assert.deepEqual(heard, ["n0", "n1", "n2", "n3", "n4"]);
  const last = await readLastLines(home, 1);
  assert.deepEqual(
    last.map(({ purpose, n }) => [purpose, n]),
    [["n4", 6]],
  );
  const files = await readChainFiles(home);
  assert.deepEqual(
    files.map(({ name }) => name),
    ["ledger.1.jsonl", "ledger.jsonl"],
  );
});
