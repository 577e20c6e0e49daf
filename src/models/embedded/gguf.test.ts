import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import fc from "fast-check";

import { Damage } from "./damage.ts";
import { createEngine } from "./engine.ts";
import { readGguf } from "./gguf.ts";

const DEMO = readFileSync(new URL("../../../demo-model/demo-q8_0.gguf", import.meta.url));
/** Where metadata and the list of tensors end, a little generously. */
const HEADER_BYTES = 40_000;

const MAGIC = [0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0];
const u32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)];
const u64 = (value: bigint) => [...new Uint8Array(new BigUint64Array([value]).buffer)];
const text = (value: string) => [...u64(BigInt(value.length)), ...Buffer.from(value)];
const file = (...parts: number[][]) => Uint8Array.from([...MAGIC, ...parts.flat()]);

describe("readGguf() refuses", () => {
  const refused: Record<string, [Uint8Array, RegExp]> = {
    "an empty file": [new Uint8Array(), /ends early/],
    "another kind of file": [Buffer.from("<!doctype html>"), /not a GGUF/],
    "another version": [Uint8Array.from([0x47, 0x47, 0x55, 0x46, 2, 0, 0, 0]), /version 2/],
    "more keys than there are bytes": [file(u64(0n), u64(1n << 40n)), /announces/],
    "more tensors than any model has": [file(u64(1n << 62n), u64(0n)), /announces/],
    "a text longer than the file": [file(u64(0n), u64(1n), u64(1n << 50n), [0x61]), /announces/],
    "a list longer than the file": [
      file(u64(0n), u64(1n), text("k"), u32(9), u32(0), u64(1n << 33n)),
      /announces/,
    ],
    "a list of lists": [
      file(u64(0n), u64(1n), text("k"), u32(9), u32(9), u64(1n)),
      /array of arrays/,
    ],
    "a value of an unknown type": [file(u64(0n), u64(1n), text("k"), u32(77)), /type 77/],
    "a key that stands twice": [
      file(u64(0n), u64(2n), text("k"), u32(0), [1], text("k"), u32(0), [1]),
      /twice/,
    ],
    "an alignment that is none": [
      file(u64(0n), u64(1n), text("general.alignment"), u32(4), u32(0)),
      /alignment/,
    ],
    "a tensor outside the file": [
      file(u64(1n), u64(0n), text("t"), u32(1), u64(1n << 40n), u32(0), u64(0n)),
      /outside/,
    ],
    "a tensor of a type that is not read": [
      file(u64(1n), u64(0n), text("t"), u32(1), u64(1n), u32(12), u64(0n)),
      /type 12/,
    ],
    "a tensor of nine dimensions": [file(u64(1n), u64(0n), text("t"), u32(9)), /9 dimensions/],
    "tensors laid over one another": [
      file(
        u64(2n),
        u64(0n),
        ...["a", "b"].flatMap((name) => [text(name), u32(1), u64(16n), u32(0), u64(0n)]),
        Array.from({ length: 100 }, () => 0),
      ),
      /overlap/,
    ],
  };
  for (const [what, [bytes, message]] of Object.entries(refused)) {
    test(what, () => assert.throws(() => readGguf(bytes), { name: "Damage", message }));
  }
});

test("a tensor of other dimensions than the model needs is refused", () => {
  const gguf = readGguf(DEMO);
  assert.throws(() => gguf.tensor("token_embd.weight", [192, 7]), /192×1626, and must be 192×7/);
  assert.throws(() => gguf.tensor("nothing", [1]), /no tensor "nothing"/);
});

test("security: every shorter file is refused, and none is read past its end", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: DEMO.length - 1 }), (length) => {
      assert.throws(() => createEngine(DEMO.subarray(0, length)), Damage);
    }),
    { numRuns: 40 },
  );
});

/** Loading it whole takes 20 ms; most mutants are refused before. */
test("security: a damaged file is refused or loads, and throws nothing but Damage", () => {
  const mutation = fc.record({
    at: fc.integer({ min: 0, max: HEADER_BYTES }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 16 }),
      fc
        .constantFrom(u32(0xffffffff), u64((1n << 64n) - 1n), u64(1n << 31n), u64(0n))
        .map((b) => Uint8Array.from(b)),
    ),
  });
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
  let refused = 0;
  fc.assert(
    fc.property(mutations, (changes) => {
      const mutant = Buffer.from(DEMO);
      for (const { at, bytes } of changes) mutant.set(bytes, at);
      try {
        createEngine(mutant);
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        refused += 1;
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(refused > 30, `only ${refused} of 100 mutants were refused: nothing was tried`);
});

test("security: a model that loads damaged answers something, and stops", () => {
  const mutant = Buffer.from(DEMO);
  mutant.fill(0xff, mutant.length - 400_000); // the last layer's weights: NaN scales among them
  const engine = createEngine(mutant);
  const types: string[] = [];
  const prompt = { head: [], exchanges: [[{ text: "hello" }]], tail: [] };
  engine.answer({ prompt, maxTokens: 5, isStopped: () => false }, ({ type }) => types.push(type));
  assert.equal(types.at(-1), "done");
});
