/** All settings, in the order in which people read them; `app.ts` hands each room its slice. */

import { join } from "node:path";

import { agentSettings } from "./agent/settings.ts";
import { type Config, parseConfig } from "./config/config.ts";
import { editConfig, parsePath } from "./config/edit.ts";
import { withoutOverrides } from "./config/environment.ts";
import { loadConfig } from "./config/load.ts";
import { documentsSetting } from "./documents/settings.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { costSetting } from "./models/cost/settings.ts";
import { modelsSetting } from "./models/settings.ts";
import { networkSetting, offlineSetting } from "./network/settings.ts";
import type { Setting } from "./protocol/setting.ts";
import { sandboxSetting } from "./sandbox/settings.ts";
import { toolsSetting } from "./tools/web/settings.ts";

export const settings: readonly Setting[] = [
  offlineSetting,
  modelsSetting,
  agentSettings,
  costSetting,
  sandboxSetting,
  toolsSetting,
  documentsSetting,
  networkSetting,
  gatewaySettings,
];

type Machine = { home: string; env: Readonly<Record<string, string | undefined>> };

/** The config in force, or what a file would be. */
export async function loadAppConfig(
  { home, env }: Machine,
  file?: string,
): Promise<{ config: Config; file: string; found: boolean }> {
  if (file === undefined) return loadConfig({ home, env, settings });
  return loadConfig({ home, env: { ...env, ISOPOD_CONFIG: file }, settings });
}

/** Sets one value in the config in force. What the result would be refused for is thrown, and nothing changes. */
export async function editAppConfig(
  { home, env }: Machine,
  { path, value }: { path: string; value: unknown },
): Promise<{ file: string }> {
  const { file } = loadConfig({ home, env, settings });
  const secretsFolder = join(home, "secrets");
  const own = withoutOverrides(env); // a variable must not hide what is wrong in the file
  editConfig(file, { path: parsePath(path), value }, (text) => {
    const { report, get } = parseConfig({
      file: { name: file, text },
      env: own,
      secretsFolder,
      settings,
    });
    if (!report.ok) get(gatewaySettings);
  });
  return { file };
}
