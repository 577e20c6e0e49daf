/** All settings, in the order in which people read them; `app.ts` hands each room its slice. */

import { agentSettings } from "./agent/settings.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { modelsSetting } from "./models/settings.ts";
import { networkSetting, offlineSetting } from "./network/settings.ts";
import type { Setting } from "./protocol/setting.ts";
import { sandboxSetting } from "./sandbox/settings.ts";

export const settings: readonly Setting[] = [
  offlineSetting,
  modelsSetting,
  agentSettings,
  sandboxSetting,
  networkSetting,
  gatewaySettings,
];

type Machine = { home: string; env: Readonly<Record<string, string | undefined>> };

/** The config in force, or what a file would be. */
export async function loadAppConfig(
  { home, env }: Machine,
  file?: string,
): Promise<{ config: Config; file: string }> {
  if (file === undefined) return loadConfig({ home, env, settings });
  return loadConfig({ home, env: { ...env, ISOPOD_CONFIG: file }, settings });
}
