/** Whose keys the config pins: part of the composition root, and light, because the ground needs it. */

import { Fault } from "./base/fault.ts";
import type { Config } from "./config/config.ts";
import { modelsSetting } from "./models/settings.ts";
import type { Pin, PinOf } from "./network/pin.ts";
import { parseTarget } from "./network/target.ts";

/** The keys that config pins, by server; a pin without TLS would promise what nobody checks. */
export function pinsIn(config: Config): PinOf {
  const pins = new Map<string, Pin>();
  for (const [id, { baseUrl, pin }] of Object.entries(config.get(modelsSetting).providers)) {
    if (pin === undefined) continue;
    if (!baseUrl?.startsWith("https://")) {
      const path = `models.providers.${id}.pin`;
      const allowed = "a baseUrl that begins with https://";
      throw new Fault("CONFIG_VALUE", { path, found: baseUrl ?? "no baseUrl", allowed });
    }
    pins.set(parseTarget(baseUrl).label, (found) => found === pin);
  }
  return (server) => pins.get(server);
}
