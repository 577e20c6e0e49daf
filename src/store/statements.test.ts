import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { compileQueries } from "./queries.ts";
import { statements } from "./statements.ts";

test("the compiled statements are those of the queries", () => {
  assert.deepEqual(
    statements,
    compileQueries(),
    "run `node scripts/compile-queries.ts` after changing a query",
  );
});

test("nothing that a gateway loads imports kysely or the queries for more than their types", () => {
  const compiled = ["queries.ts", "query.ts", "spending-queries.ts"];
  const files = readdirSync(import.meta.dirname).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !compiled.includes(file),
  );
  for (const file of files) {
    const code = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    assert.doesNotMatch(
      code,
      /^import (?!type )[^;]*from "(kysely|\.\/(queries|query|spending-queries)\.ts)"/m,
      file,
    );
  }
});
