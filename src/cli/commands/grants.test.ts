import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestTerminal } from "../../../test/fakes/terminal.ts";
import { Fault } from "../../base/fault.ts";
import type { Client } from "../client.ts";
import type { Call, Command, Host } from "../command.ts";
import { grantsList, grantsRemove } from "./grants.ts";

async function run(
  command: Command,
  given: string[],
  words: Partial<Pick<Call, "args" | "options">>,
) {
  const grants = [...given];
  const terminal = createTestTerminal();
  const client = {
    grants: async () => ({ grants }),
    forget: async (grant: string) => {
      const at = grants.indexOf(grant);
      if (at === -1) throw new Fault("NOT_FOUND", { what: "grant", id: grant });
      grants.splice(at, 1);
      return {};
    },
  } as unknown as Client; // the commands ask for nothing else
  const host = {
    withGateway: (work: (client: Client) => unknown) => work(client),
  } as unknown as Host; // the one method that the commands call
  const { signal } = new AbortController();
  const within: Call["within"] = (work) => work(signal);
  const code = await command.run({
    args: [],
    options: {},
    host,
    terminal,
    within,
    signal,
    ...words,
  });
  return { code, terminal, grants };
}

const GRANTS = ["web:a.example", "web:b.example"];

test("grants list prints one a line, or JSON, and says so where there is none", async () => {
  const listed = await run(grantsList, GRANTS, {});
  assert.deepEqual([listed.code, listed.terminal.out()], [0, "web:a.example\nweb:b.example\n"]);
  const json = await run(grantsList, GRANTS, { options: { json: true } });
  assert.deepEqual(JSON.parse(json.terminal.out()), { grants: GRANTS });
  const none = await run(grantsList, [], {});
  assert.deepEqual([none.code, none.terminal.out()], [0, ""]);
  assert.match(none.terminal.err(), /Nothing was allowed for always/);
});

test("grants rm takes one back, and is a fault where there is none of that name", async () => {
  const { code, grants, terminal } = await run(grantsRemove, GRANTS, { args: ["web:a.example"] });
  assert.deepEqual([code, grants], [0, ["web:b.example"]]);
  assert.match(terminal.out(), /web:a\.example is asked about again/);
  const options = { json: true };
  const json = await run(grantsRemove, GRANTS, { args: ["web:b.example"], options });
  assert.deepEqual(JSON.parse(json.terminal.out()), { removed: "web:b.example" });
  await assert.rejects(run(grantsRemove, GRANTS, { args: ["web:c.example"] }), {
    code: "NOT_FOUND",
  });
});
