import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";

import { catalogue, exitOf, Fault, ReportedFault, toFault } from "./fault.ts";
import type { Entry } from "./faults/entry.ts";

// Each row with parameters of its own; here any text does.
const rows = Object.entries(catalogue) as unknown as [string, Entry<unknown>][];

/**
 * Whatever a row asks for: a list of one text reads like the text in a sentence, and can be joined, counted
 * and compared as well. `missing` is the one that is not there.
 */
const params = (missing?: string) =>
  new Proxy({}, { get: (_, name) => (name === missing ? undefined : [ANY]) });
const ANY = "something";

/** Parameters that a row can go without. */
const OPTIONAL: Record<string, string> = {
  CONFIG_UNKNOWN_KEY: "nearest",
  MODEL_MISSING: "nearest",
  NOT_FOUND: "id",
  PROGRAM_MISSING: "package",
};

const texts = rows.flatMap(([code, row]) =>
  [params(), params(OPTIONAL[code])].map((given) => ({
    code,
    message: row.message(given),
    fix: `${row.fix(given)}`, // some rows hand on what they were given
  })),
);

test("a code is defined in one area only: of two, one would be lost in silence", () => {
  const seen = new Map<string, string>();
  for (const { area, code } of definitions()) {
    assert.equal(seen.get(code), undefined, `${code} stands in ${seen.get(code)} and in ${area}`);
    seen.set(code, area);
  }
  assert.deepEqual([...seen.keys()].toSorted(), Object.keys(catalogue).toSorted());
});

test("docs/errors.md has one section for each code, in the order of the areas, and no other", () => {
  const wanted = Map.groupBy(definitions(), ({ area }) => area);
  const order = [...wanted.keys()].toSorted().flatMap((area) => {
    return (wanted.get(area) ?? []).map(({ code }) => code).toSorted();
  });
  assert.deepEqual(
    sections().map(({ code }) => code),
    order,
  );
});

test("docs/errors.md names the status and the exit code of each, and says what to do", () => {
  for (const { code, body } of sections()) {
    const { status, exit } = new Map(rows).get(code) ?? {};
    assert.match(body, new RegExp(`^HTTP ${status}, exit code ${exit}\\.\\n`), code);
    const lines = body.trim().split("\n").length;
    assert.ok(lines >= 3 && lines <= 10, `${code} has ${lines} lines`);
  }
});

test("codes are words in capitals, exit codes and statuses are of the agreed ones", () => {
  for (const [code, { status, exit }] of rows) {
    assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    assert.ok([1, 2, 3, 130].includes(exit), `${code} ends with ${exit}`);
    assert.ok(status >= 200 && status < 600, `${code} answers ${status}`);
  }
});

test("messages are sentences that begin large and end without a full stop", () => {
  for (const { code, message } of texts) {
    assert.match(message, /^["A-Z]/, `${code}: ${message}`);
    assert.doesNotMatch(message, /[.!?]$/, `${code}: ${message}`);
    assert.doesNotMatch(message, /undefined|\[object|NaN/, `${code}: ${message}`);
  }
});

test("fixes begin with what to do, and end without a full stop", () => {
  for (const { code, fix } of texts) {
    if (fix === ANY) continue; // where it is thrown it is known better
    const [, first = ""] = /^(?:Did you mean "[^"]+"\? )?(\w+)/.exec(fix) ?? [];
    assert.ok(VERBS.has(first), `${code}: is "${first}" something to do? (${fix})`);
    assert.doesNotMatch(fix, /[.!?]$|undefined|\[object|NaN/, `${code}: ${fix}`);
  }
});

/** What a person can be told to do. A new verb is added here, knowingly. */
const VERBS = new Set(
  `Add Allow Ask Begin Call Check Choose Close Compare Copy Correct Edit End Fetch Free Get Give Install List Load Look Make Mend
  Move Open Pair Pick Press Put Raise Read Remove Run Say See Send Set Start Stop Take Try Use Wait Write`.split(
    /\s+/,
  ),
);

test("Fault carries its row, and crosses a wire without more than a person may see", () => {
  const fault = new Fault("MODEL_MISSING", { provider: "ollama", model: "qwen" });
  assert.deepEqual([fault.status, fault.exit], [404, 2]);
  assert.deepEqual(Object.keys(fault.toJSON()), ["code", "message", "fix"]);
});

test("ReportedFault takes another process's words, and looks up the exit code", () => {
  const { code, message, fix } = new Fault("STORE_LOCKED", { folder: "/x" });
  const reported = ReportedFault.from({ error: { code, message, fix } });
  assert.deepEqual([reported?.code, reported?.message, reported?.fix], [code, message, fix]);
  assert.equal(reported?.exit, 2);
  for (const other of [undefined, null, "x", {}, { error: "x" }, { error: { code: 1 } }])
    assert.equal(ReportedFault.from(other), undefined);
});

test("exitOf() is 1 for a code of a newer version, and for what is no code", () => {
  assert.equal(exitOf("MODEL_UNREACHABLE"), 3);
  assert.equal(exitOf("FROM_THE_FUTURE"), 1);
  assert.equal(exitOf("toString"), 1);
});

test("toFault() shows an id of a bug, and reports the bug itself under it", () => {
  const bug = new TypeError("the secret is 7");
  const reported: unknown[] = [];
  const fault = toFault(bug, (id, error) => reported.push(id, error));
  assert.equal(fault.code, "INTERNAL_ERROR");
  assert.ok(!JSON.stringify(fault).includes("secret"));
  assert.equal(reported[1], bug);
  assert.ok(fault.message.includes(String(reported[0])));
  assert.equal(toFault(fault, assert.fail), fault);
});

/** As they stand in the areas' files, where a code that is spread over another is still seen. */
function definitions(): { area: string; code: string }[] {
  const folder = join(import.meta.dirname, "faults");
  return globSync("*.ts", { cwd: folder }).flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const found = text.matchAll(/^ {2}([A-Z_0-9]+): entry\b/gm);
    return Array.from(found, ([, code = ""]) => ({ area: basename(file, ".ts"), code }));
  });
}

function sections(): { code: string; body: string }[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");
  const [, ...parts] = text.split(/^## /m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    return { code: part.slice(0, end), body: part.slice(end).trim() };
  });
}
