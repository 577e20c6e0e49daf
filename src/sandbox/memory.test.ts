import assert from "node:assert/strict";
import { test } from "node:test";

import { watchMemory } from "./memory.ts";

const MIB = 1024 * 1024;

/** What the machine has left, look by look, and whether the watch called. */
async function watch(...leftMib: number[]): Promise<boolean> {
  const over = new AbortController();
  return await new Promise((resolve) => {
    const available = async () => {
      const left = leftMib.shift();
      if (left === undefined) {
        over.abort();
        resolve(false);
      }
      return (left ?? 0) * MIB;
    };
    const exceeded = () => resolve(true);
    watchMemory({ pid: process.pid, limitBytes: Infinity, exceeded, available }, over.signal);
  });
}

test("security: a command is ended when the machine has little memory left, whoever counts it", async () => {
  assert.ok(await watch(8000, 4000, 200));
  assert.ok(!(await watch(8000, 4000, 300)), "control: enough is left");
});

test("a machine that was nearly full before still runs commands", async () => {
  assert.ok(!(await watch(200, 150, 101)));
  assert.ok(await watch(200, 150, 99));
});
