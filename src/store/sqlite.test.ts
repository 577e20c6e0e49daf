import { rm } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { createStore } from "./sqlite.ts";
import { testStore } from "./store.conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "isopod-store-"));
after(() => rm(folder, { recursive: true }));

testStore("a store in a file", () => createStore({ folder, clock }));
testStore("a store in memory", () => createStore({ folder: ":memory:", clock }));
