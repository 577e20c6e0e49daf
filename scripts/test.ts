/**
 * `npm test`: the checks, then every test. A test whose real part is not installed (bubblewrap, Chromium)
 * is skipped and named; with ISOPOD_TEST_COMPLETE=1, as in CI, a skipped test fails the run.
 */

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const complete = process.env["ISOPOD_TEST_COMPLETE"] === "1";

const CHECKS = [
  ["oxfmt", "--check", "."],
  ["oxlint", "--deny-warnings"],
  ["tsc"],
  ["tsc", "-p", "web"],
] as const;

const files = process.argv.length > 2 ? process.argv.slice(2) : everyTest();
if (process.argv.length === 2) for (const [command, ...args] of CHECKS) check(command, args);
await runTests(files);

function everyTest(): string[] {
  return globSync(
    ["src/**/*.test.ts", "web/**/*.test.ts", "demo-model/**/*.test.ts", "test/**/*.test.ts"],
    {
      cwd: root,
      exclude: (name) => name === "node_modules" || name === "dist",
    },
  ).toSorted();
}

function check(command: string, args: readonly string[]): void {
  const bin = join(root, "node_modules/.bin", command);
  const { status } = spawnSync(bin, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(
      `\n${command} ${args.join(" ")} is not content; \`npm run fix\` mends what can be mended`,
    );
    process.exit(1);
  }
}

async function runTests(files: string[]): Promise<void> {
  const skipped: string[] = [];
  let failed = 0;
  const stream = run({ files, cwd: root, concurrency: availableParallelism() });
  stream.on("test:fail", () => (failed += 1));
  stream.on("test:pass", ({ name, file, skip, todo }) => {
    if (skip === undefined && todo === undefined) return;
    const reason = [skip, todo].find((why) => typeof why === "string") ?? "no reason given";
    skipped.push(`${name} (${file ? file.slice(root.length + 1) : "?"}): ${reason}`);
  });
  for await (const text of stream.compose(new spec())) process.stdout.write(text);

  if (skipped.length > 0) console.log(`\nSkipped:\n  ${skipped.join("\n  ")}`);
  if (skipped.length > 0 && complete)
    console.log("Nothing may be skipped here: this run has failed");
  process.exitCode = failed > 0 || (complete && skipped.length > 0) ? 1 : 0;
}
