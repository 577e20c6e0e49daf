import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "./config/config.ts";
import { pinsIn } from "./pins.ts";
import { settings } from "./settings.ts";

const PIN = `sha256//${Buffer.alloc(32, 7).toString("base64")}`;

const configOf = (providers: object) =>
  parseConfig({
    file: { name: "isopod.json", text: JSON.stringify({ models: { providers } }) },
    env: {},
    secretsFolder: "/nowhere",
    settings,
  });

test("pinsIn() knows the key of each server that config pins, and of no other", () => {
  const pinOf = pinsIn(
    configOf({
      desk: { baseUrl: "https://192.168.1.5:18790/v1", pin: PIN },
      plain: { baseUrl: "https://192.168.1.6" },
      name: { baseUrl: "https://BOX.local", pin: PIN },
    }),
  );
  assert.equal(pinOf("192.168.1.5:18790")?.(PIN), true);
  assert.equal(pinOf("192.168.1.5:18790")?.(PIN.replace("B", "C")), false);
  assert.equal(pinOf("box.local:443")?.(PIN), true);
  for (const other of ["192.168.1.6:443", "192.168.1.5:443"]) assert.equal(pinOf(other), undefined);
});

test("security: a pin where there is no TLS would promise what nobody checks: it is refused", () => {
  for (const baseUrl of ["http://192.168.1.5:18790", "unix:/run/model.sock:/v1", undefined]) {
    const config = configOf({ desk: { ...(baseUrl && { baseUrl }), pin: PIN } });
    assert.throws(() => pinsIn(config), { code: "CONFIG_VALUE" }, baseUrl);
  }
});

test("a pin that is none is told by its path", () => {
  const { report } = configOf({ desk: { baseUrl: "https://a", pin: "sha256//short" } });
  assert.equal(report.ok, false);
  assert.match(JSON.stringify(report.faults), /models\.providers\.desk\.pin/);
});
