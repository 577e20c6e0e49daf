import assert from "node:assert/strict";
import { test } from "node:test";

import { CLOUDS } from "../../test/fixtures/openclaw/clouds.ts";
import { LOCAL_SERVERS } from "../../test/fixtures/openclaw/local-servers.ts";
import { settings } from "../settings.ts";
import { parseConfig } from "./config.ts";
import { explain } from "./explain.ts";

for (const { page, config: text, env = {}, effective, notes = [] } of [
  ...LOCAL_SERVERS,
  ...CLOUDS,
]) {
  test(`a config of OpenClaw's pages loads unchanged: ${page}`, () => {
    const file = { name: "openclaw.json", text };
    const config = parseConfig({ file, env, secretsFolder: "/nowhere", settings });
    assert.deepEqual(config.report.faults, []);
    const values = Object.fromEntries(explain(config).map(({ path, value }) => [path, value]));
    for (const [path, value] of Object.entries(effective)) {
      assert.deepEqual(values[path], value, path);
    }
    for (const [path, says] of notes) {
      const said = config.report.notes.filter((note) => note.path === path);
      assert.match(said.map(({ message }) => message).join("\n"), says, path);
    }
    const unknown = config.report.notes.filter(({ message }) =>
      message.startsWith("not known, left"),
    );
    assert.deepEqual(unknown, [], "every key is known, or its absence has a reason");
  });
}
