import assert from "node:assert/strict";
import { test } from "node:test";

import type { Mode } from "../protocol/event.ts";
import { createNetworkChecks } from "./checks.ts";

const NEVER = new AbortController().signal;

test("all is well with a guard, a mode that config allows and a ledger that can be written", async () => {
  assert.deepEqual(await states({}), {
    "network.guard": "ok",
    "network.mode": "ok",
    "network.ledger": "ok",
  });
});

test("each check says what is wrong, with a fault of its own", async () => {
  const wrong = { guarded: false, stored: "internet", failure: new Error("disk full") } as const;
  assert.deepEqual(await states(wrong), {
    "network.guard": "GUARD_MISSING",
    "network.mode": "MODE_CAPPED",
    "network.ledger": "LEDGER_UNWRITABLE",
  });
});

type Given = { guarded?: boolean; stored?: Mode; failure?: Error };

async function states({ guarded = true, stored, failure }: Given) {
  const checks = createNetworkChecks({
    doors: { guarded },
    mode: { mode: "private", cap: "private" },
    storedMode: () => stored,
    ledger: { flush() {}, failure: () => failure },
    ledgerPath: "/state/ledger.jsonl",
  });
  const found: Record<string, string> = {};
  for (const { code, run } of checks) {
    const result = await run(NEVER);
    found[code] = result.state === "ok" ? "ok" : result.fault.code;
  }
  return found;
}
