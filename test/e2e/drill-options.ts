/** A drill in a test: a machine with a bundle, and the drill in this process, so that harm can be done in the middle. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { systemClock as clock } from "../../src/base/clock.ts";
import { dial } from "../../src/dial.ts";
import type { DrillOptions } from "../../src/offline/drill/drill.ts";
import type { Drill } from "../../src/offline/drill/report.ts";
import { SHOTS } from "../../src/offline/prove/plan.ts";
import { openOffline } from "../../src/offline-parts.ts";
import { openDoors as doors } from "../../src/process/doors.ts";
import { createPrograms } from "../../src/process/programs.ts";
import { editAppConfig } from "../../src/settings.ts";
import { readValues } from "../../src/store/read-values.ts";
import { createMachine, type Machine, ROOT } from "./machine.ts";

export const failedOf = ({ steps }: Drill) => steps.filter(({ ok }) => !ok).map(({ step }) => step);
export const detailOf = ({ steps }: Drill, name: string) =>
  steps.find(({ step }) => step === name)?.detail ?? "";

/** A machine whose temporary folder is its own, so that what is left behind can be seen. */
export function create(t: TestContext, config: object = DEMONSTRATION) {
  const machine = createMachine(t, { config });
  const temporary = machine.path("tmp");
  mkdirSync(temporary);
  const bundle = machine.path("bundle");
  const env = { TMPDIR: temporary };
  return {
    machine,
    bundle,
    env,
    temporary,
    /** Without Isopod itself, which is 200 MB. */
    async carry() {
      await machine.json(0, ["offline", "bundle", "--out", bundle, "--only", "config", "--json"]);
    },
  };
}

const DEMONSTRATION = { agents: { defaults: { model: { primary: "embedded/demo" } } } };

/** In this process, so that a test can do harm in the middle of it. */
export async function optionsOf(
  t: TestContext,
  { home, env }: Machine,
  more: Partial<DrillOptions> = {},
): Promise<DrillOptions> {
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const programs = createPrograms({ doors, ledger: { append() {} }, path });
  t.after(() => programs.close());
  return {
    programs,
    dial: async (socket) => dial(socket, { doors }),
    clock,
    home,
    env,
    path,
    installed: { root: ROOT, launcher: join(ROOT, "bin/isopod.cjs"), node: process.execPath },
    offline: await openOffline({ home, env, version: "0.1.0" }),
    openThere: (there) => openOffline({ ...there, version: "0.1.0" }),
    editThere: (there, name, value) => editAppConfig(there, { path: name, value }),
    approved: () => new Set(readValues(home, "models.service.").values()),
    words: { trust: [] },
    shots: SHOTS.filter(({ name }) => name === "cloud-model" || name === "tcp"),
    tell: () => {},
    ...more,
  };
}
