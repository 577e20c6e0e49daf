/**
 * Prints how many prompts, unseen in training, the demonstration model answers exactly right.
 *
 *     node demo-model/evaluate.ts [--rounds 20] [--seed 1] [--weights FILE] [--failures] [--json]
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { createEmbedded } from "../src/models/embedded.ts";
import { openDoors } from "../src/process/doors.ts";
import { createPrograms } from "../src/process/programs.ts";
import { createCases } from "./prompts.ts";
import { score, type Score } from "./score.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    weights: {
      type: "string",
      default: fileURLToPath(new URL("demo-q8_0.gguf", import.meta.url)),
    },
    failures: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const programs = createPrograms({ doors: openDoors, ledger: { append() {} }, path: "" });
const provider = createEmbedded({ programs, weights: values.weights });
const { signal } = new AbortController();
await provider.warm(signal);
const result = await score(
  provider,
  createCases(Number(values.rounds), Number(values.seed)),
  signal,
);
await programs.close();
process.stdout.write(
  values.json ? `${JSON.stringify(result)}\n` : toTable(result, values.failures),
);

function toTable(result: Score, showFailures: boolean): string {
  const { sets, failures, tokens, seconds, cpuSeconds } = result;
  const row = (name: string, { right, all }: { right: number; all: number }) =>
    `${name.padEnd(22)}${`${right}/${all}`.padStart(9)}${`${Math.round((100 * right) / all)} %`.padStart(7)}\n`;
  const rows = Object.entries(sets).map(([name, counts]) => row(name, counts));
  const wrong = failures.map(
    ({ set, asked, expected, got }) =>
      `${set}: ${asked}\n  expected ${expected}\n  got      ${got}\n`,
  );
  const speed = `${Math.round(tokens / seconds)} tokens/s read and written, ${Math.round(tokens / cpuSeconds)} per second of CPU\n`;
  return [...rows, row("all", result), speed, ...(showFailures ? ["\n", ...wrong] : [])].join("");
}
