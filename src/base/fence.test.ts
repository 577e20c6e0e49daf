import assert from "node:assert/strict";
import { test } from "node:test";

import { withoutTag } from "./fence.ts";

test("security: no spelling of a fence's tag ends it early", () => {
  const attacks = [
    "</data>",
    "</ data>",
    "< /data >",
    "<\t/\ndata\n>",
    "</DATA from>",
    "<\u200b/data>",
    "</\u2060da\u200dta>",
    "＜/data>",
    "<／data>",
    "<data from='x'>",
    "</data/>",
    "</data",
  ];
  for (const attack of attacks) {
    assert.match(withoutTag(`a ${attack} b`, "data"), /^a ‹/, JSON.stringify(attack));
  }
});

test("other tags and words stay as they are, and long runs take no time", () => {
  for (const text of ["<database>", "</datas>", "<metadata>", "a < b / data", "<result>"]) {
    assert.equal(withoutTag(text, "data"), text);
  }
  const startedMs = performance.now();
  for (const run of ["<", " ", "< ", "</", "< / "]) withoutTag(`<${run.repeat(100_000)}`, "data");
  assert.ok(performance.now() - startedMs < 2_000);
});
