/** Composes the model servers that the gateway starts itself: part of the composition root, beside `app.ts`. */

import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import type { Ground } from "./ground.ts";
import { createLocalServices } from "./models/local-service/services.ts";
import { privateFolder } from "./private-workspaces.ts";
import { modelsSetting } from "./models/settings.ts";

export function buildServices(ground: Ground) {
  const { closing, config, store, egress, programs, options, workspace } = ground;
  const services = createLocalServices({
    settings: config.get(modelsSetting),
    programs,
    egress,
    clock,
    env: options.env,
    folder: join(options.home, "services"),
    workspaces: [workspace.root, privateFolder(ground)],
    canConfine: process.platform === "linux", // bubblewrap is there for the sandbox as well
    approvals: {
      get: (id) => store.values.get(keyOf(id)),
      set: (id, hash) => store.values.set(keyOf(id), hash),
    },
  });
  closing(() => services.close());
  return services;
}

/** Approvals stand in the state folder of this machine, never in the config. */
const keyOf = (id: string) => `models.service.${id}`;
