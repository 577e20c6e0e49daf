import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { PARAMS, type Row } from "./table.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/models.md"), "utf8");
const section = page.slice(page.indexOf("## Parameters"), page.indexOf("## Loaded, fetched"));

const ollamaOf = (name: string, { ollama }: Row) =>
  ollama === "options" ? `options.${name}` : ollama === "top" ? name : "";

test("the table of parameters in docs/models.md is the table that the dialects read", () => {
  const rows = Array.from(
    section.matchAll(/^\| `([^`]+)`\s*\|(.*)\|$/gm),
    ([, name = "", rest]) => ({
      name,
      cells: (rest ?? "").split("|").map((cell) => cell.trim().replaceAll("`", "")),
    }),
  );
  assert.deepEqual(
    rows.map(({ name, cells }) => [name, ...cells]),
    Object.entries(PARAMS).map(([name, row]) => [
      name,
      ollamaOf(name, row),
      row.chat ?? (row.atStart ? `at its start: ${row.atStart}` : ""),
      row.responses ?? "",
      row.messages ?? "",
    ]),
  );
});
