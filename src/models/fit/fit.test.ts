import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import type { Keeping } from "../keeping/keeping.ts";
import { createFit, type FitDeps } from "./fit.ts";

const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), "isopod-fit-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const GB = 1e9;

/** A machine without a tool of any maker of cards. */
const noPrograms: Pick<Programs, "start"> = {
  start: ({ command }) => {
    throw new Fault("PROGRAM_MISSING", { program: command });
  },
};

const noModels: Pick<Keeping, "look"> = {
  look: (ref) => Promise.reject(new Fault("MODEL_PROVIDER_UNKNOWN", { ref, known: [] })),
};

const fitOn = (ramBytes: number, more: Partial<FitDeps> = {}) =>
  createFit({
    programs: noPrograms,
    system: { platform: "linux", processor: "a test", ramBytes, limitBytes: undefined },
    drm: join(folder, "none"),
    keeping: noModels,
    toolsProved: () => false,
    ...more,
  });

test("without a card a model for the processor is picked, and it is said that it is slow", async () => {
  const { machine, pick } = await fitOn(24 * GB)({}, never);
  assert.deepEqual(machine.usable, { gpuBytes: 0, ramBytes: 21 * GB });
  assert.equal(pick?.name, "qwen3:14b");
  assert.match(pick?.why ?? "", /slow/);
  assert.equal(pick?.pull, "isopod models pull qwen3:14b");
});

test("what fits into a small machine is picked with the warning of small models", async () => {
  const { pick, warnings } = await fitOn(8 * GB)({}, never);
  assert.ok(pick);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["MODEL_SMALL"],
  );
});

test("a context that is asked for is the one that is picked for, or nothing is", async () => {
  const usual = await fitOn(24 * GB)({}, never);
  const large = await fitOn(24 * GB)({ contextTokens: 40_000 }, never);
  assert.deepEqual([usual.pick?.contextTokens, large.pick?.contextTokens], [16_384, 40_000]);
  assert.match(large.pick?.why ?? "", /with 40000 tokens of context/);
  const small = await fitOn(24 * GB)({ contextTokens: 4_096 }, never);
  assert.equal(small.pick?.contextTokens, 4_096);
  const { pick, warnings } = await fitOn(24 * GB)({ contextTokens: 2_000_000 }, never);
  assert.equal(pick, undefined);
  assert.match(warnings[0]?.message ?? "", /with 2000000 tokens/);
  assert.match(warnings[0]?.fix ?? "", /--context/);
});

test("where nothing fits, no command is given", async () => {
  const { pick, warnings } = await fitOn(3 * GB)({}, never);
  assert.equal(pick, undefined);
  assert.equal(warnings[0]?.code, "MODEL_FIT_NONE");
});

test("a container's limit counts, not what the machine has", async () => {
  const system = { platform: "linux", processor: "a test", ramBytes: 64 * GB, limitBytes: 8 * GB };
  const { machine } = await fitOn(0, { system })({}, never);
  assert.equal(machine.limitBytes, 8 * GB);
  assert.equal(machine.usable.ramBytes, 6 * GB);
});

test("a name is known by the table, else by the size and quantisation that stand in it", async () => {
  const fit = fitOn(24 * GB);
  const one = async (name: string) => (await fit({ name }, never)).models[0];
  const known = await one("qwen3:8b-q8_0");
  assert.deepEqual(
    [known?.basis, known?.quantisation, known?.title],
    ["table", "Q8_0", "Qwen3 8B"],
  );
  const named = await one("someone/New-Model-30B-A3B-Q5_K_M");
  assert.deepEqual([named?.basis, named?.parameters], ["name", 30e9]);
  assert.equal(named?.weightBytes, (30e9 * 5.7) / 8);
  await assert.rejects(one("nosize"), { code: "MODEL_FIT_UNKNOWN" });
});

test("of an installed model its server's word counts; a probe that proved its tools silences the warning", async () => {
  const shape = { layers: 36, kvHeads: 8, keyLength: 128, valueLength: 128, parameterCount: 8.2e9 };
  const keeping = {
    look: async () =>
      ({
        candidate: { ref: "ollama/qwen3:8b", model: { sizeBytes: 5.2 * GB } },
        details: { shape, quantisation: "Q4_K_M" },
      }) as unknown as Awaited<ReturnType<Keeping["look"]>>, // what an estimate reads of it
  };
  const wanted = { name: "qwen3:8b", contextTokens: 8_192 };
  const { models, warnings } = await fitOn(24 * GB, { keeping })(wanted, never);
  assert.equal(models[0]?.basis, "server");
  assert.equal(models[0]?.cacheBytes, 2 * 36 * 8 * 128 * 2 * 8_192);
  assert.equal(warnings[0]?.code, "MODEL_SMALL");
  const proved = await fitOn(24 * GB, { keeping, toolsProved: () => true })(wanted, never);
  assert.deepEqual(proved.warnings, []);
});

test("a model that does not fit says so, and what there is", async () => {
  const { models, warnings } = await fitOn(16 * GB)({ name: "llama3.3:70b" }, never);
  assert.equal(models[0]?.runs, "none");
  assert.equal(warnings[0]?.code, "MODEL_TOO_LARGE");
});

test("of a GGUF file its header counts: the demonstration model's own", async () => {
  const name = join(import.meta.dirname, "../../../demo-model/demo-q8_0.gguf");
  const { models } = await fitOn(24 * GB)({ name }, never);
  const [model] = models;
  assert.deepEqual(
    [model?.basis, model?.quantisation, model?.contextTokens],
    ["file", "Q8_0", 4096],
  );
  assert.equal(model?.cacheBytes, 2 * 4 * 6 * 32 * 2 * 4096);
});

test("security: what is no GGUF file, damaged, or no file at all is a fault", async () => {
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const header = Buffer.alloc(24);
  header.write("GGUF");
  header.writeUInt32LE(3, 4);
  header.writeBigUInt64LE(2n ** 60n, 16); // announces more keys than there are bytes
  const names = [
    write("page.gguf", "<html>not found</html>"),
    write("empty.gguf", ""),
    write("liar.gguf", header),
    join(folder, "nowhere.gguf"),
  ];
  for (const name of [...names, folder.concat("/.gguf")]) {
    await assert.rejects(fitOn(24 * GB)({ name }, never), { code: "MODEL_FILE_UNREADABLE" }, name);
  }
});
