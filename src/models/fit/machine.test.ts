import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Machine } from "../../protocol/model-fit.ts";
import { pick } from "./advise.ts";
import { estimate } from "./estimate.ts";
import { parseNvidia, readAmd, toUsable } from "./machine.ts";

const MIB = 1024 ** 2;
const GB = 1e9;

const machine = (gpuGb: number, ramGb: number, unified = false): Machine => ({
  system: "linux",
  processor: "a test",
  ramBytes: ramGb * GB,
  gpus: [],
  unified,
  usable: { gpuBytes: gpuGb * GB, ramBytes: ramGb * GB },
});

test("nvidia-smi's lines are cards; its error messages are not", () => {
  assert.deepEqual(
    parseNvidia("NVIDIA GeForce RTX 4090, 24564, 23000\nNVIDIA H200, 143771, 143000\n"),
    [
      {
        name: "NVIDIA GeForce RTX 4090",
        maker: "nvidia",
        totalBytes: 24_564 * MIB,
        freeBytes: 23_000 * MIB,
      },
      { name: "NVIDIA H200", maker: "nvidia", totalBytes: 143_771 * MIB, freeBytes: 143_000 * MIB },
    ],
  );
  assert.deepEqual(
    parseNvidia("NVIDIA-SMI has failed because it couldn't communicate, sorry\n"),
    [],
  );
  assert.deepEqual(parseNvidia("card, [N/A], [N/A]\n"), []);
});

test("of AMD the kernel's files tell; connectors and cards of other makers are passed over", (t) => {
  const drm = mkdtempSync(join(tmpdir(), "isopod-drm-"));
  t.after(() => rmSync(drm, { recursive: true, force: true }));
  for (const card of ["card0", "card1", "card1-DP-1"]) {
    mkdirSync(join(drm, card, "device"), { recursive: true });
  }
  writeFileSync(join(drm, "card1/device/mem_info_vram_total"), `${16 * GB}\n`);
  writeFileSync(join(drm, "card1/device/mem_info_vram_used"), `${1 * GB}\n`);
  assert.deepEqual(readAmd(drm), [
    { name: "AMD graphics (card1)", maker: "amd", totalBytes: 16 * GB, freeBytes: 15 * GB },
  ]);
  assert.deepEqual(readAmd(join(drm, "nowhere")), []);
});

test("cards of one maker are counted together, those of two are not", () => {
  const nvidia = { name: "a", maker: "nvidia" as const, totalBytes: 10 * GB };
  const amd = { name: "b", maker: "amd" as const, totalBytes: 12 * GB };
  assert.equal(toUsable(64 * GB, [nvidia, nvidia, amd], false).gpuBytes, 19 * GB);
});

test("on one memory for both, what graphics take is gone from the rest", () => {
  const apple = { name: "Apple M2", maker: "apple" as const, totalBytes: 24 * GB };
  assert.deepEqual(toUsable(32 * GB, [apple], true), { gpuBytes: 24 * GB, ramBytes: 4 * GB });
});

test("a model is put on the card, over both, on the processor, or nowhere", () => {
  const weights = {
    name: "x:8b",
    title: "x",
    weightBytes: 8 * GB,
    parameters: 8e9,
    basis: "name" as const,
  };
  const runs = (gpuGb: number, ramGb: number) =>
    estimate(weights, 8_192, machine(gpuGb, ramGb)).runs;
  assert.deepEqual(
    [runs(24, 32), runs(6, 32), runs(0, 32), runs(0, 6)],
    ["gpu", "split", "cpu", "none"],
  );
});

test("8B with 8 bits and 8k of context needs what llama.cpp's own estimate says: 7.4 + 1.2 GB and buffers", () => {
  const shape = { layers: 36, kvHeads: 8, keyLength: 128, valueLength: 128 };
  const weights = { name: "x", title: "x", weightBytes: 7.42 * GB, shape, basis: "file" as const };
  const { cacheBytes, totalBytes } = estimate(weights, 8_192, machine(24, 32));
  assert.ok(Math.abs(cacheBytes - 1.2 * GB) < 0.05 * GB, `${cacheBytes}`);
  assert.ok(totalBytes > 8.6 * GB && totalBytes < 9.6 * GB, `${totalBytes}`);
});

test("the longest context is what the place still has room for", () => {
  const shape = { layers: 40, kvHeads: 8, keyLength: 128, valueLength: 128 };
  const weights = { name: "x", title: "x", weightBytes: 9 * GB, shape, basis: "file" as const };
  const { mostContextTokens = 0 } = estimate(weights, 8_192, machine(16, 32));
  const again = (tokens: number) => estimate(weights, tokens, machine(16, 32)).runs;
  assert.deepEqual([again(mostContextTokens), again(mostContextTokens + 2_048)], ["gpu", "split"]);
});

test("the machines of the usual tables get the models of the usual tables", () => {
  const named = (gpuGb: number, ramGb: number) => pick(machine(gpuGb, ramGb)).pick?.name;
  assert.equal(named(40, 64), "qwen3:32b-q8_0");
  assert.equal(named(48, 128), "llama3.3:70b");
  assert.equal(named(22.8, 64), "qwen3:32b"); // what is usable of a card with 24 GB
  assert.equal(named(15, 32), "qwen3:14b");
  assert.match(named(8, 16) ?? "", /^(qwen3:8b|gemma4:12b)/);
});

test("a Mac is told what people run on it", () => {
  const { pick: picked } = pick({ ...machine(24, 4, true), ramBytes: 32 * GB });
  assert.match(picked?.why ?? "", /people run qwen3:32b \(Q4_K_M\) on a Mac with 32 GB/);
});
