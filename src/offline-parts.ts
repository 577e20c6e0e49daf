/** Composes what is carried to machines without the internet: part of the composition root, beside `app.ts`. */

import { join } from "node:path";

import { agentSettings } from "./agent/settings.ts";
import { systemClock as clock } from "./base/clock.ts";
import { stripConfig } from "./config/strip.ts";
import { modelsSetting } from "./models/settings.ts";
import { offlineSetting } from "./network/settings.ts";
import { createOffline } from "./offline/create-offline.ts";
import type { Offline } from "./offline/offline.ts";
import { loadAppConfig } from "./settings.ts";

/** Throws what is wrong with the config. */
export async function openOffline(machine: {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  version: string;
}): Promise<Offline> {
  const { config, file, found } = await loadAppConfig(machine);
  return createOffline({
    around: {
      ...machine,
      root: join(import.meta.dirname, ".."),
      platform: platformHere(),
      agents: config.get(agentSettings),
      models: config.get(modelsSetting),
      ...(found && { configFile: file }),
    },
    clock,
    capped: config.get(offlineSetting),
    stripConfig,
  });
}

/** What a program is built for: system, processor, and on Linux which C library. */
function platformHere(): string {
  const own = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return own;
  Object.assign(process.report, { excludeNetwork: true }); // else it asks for the names of our neighbours
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `${own}-${header?.glibcVersionRuntime === undefined ? "musl" : "glibc"}`;
}
