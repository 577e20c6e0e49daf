/** The part of the composition that looks at this machine for models: what fits, and what doctor advises. */

import { cpus, totalmem } from "node:os";

import { agentSettings, modelsNamedBy } from "./agent/settings.ts";
import type { Ground } from "./ground.ts";
import { createAdviceChecks } from "./models/advice/checks.ts";
import type { Models } from "./models/candidate.ts";
import { createFit, type FitDeps } from "./models/fit/fit.ts";
import { modelsSetting } from "./models/settings.ts";
import { createPortExposure } from "./network/exposure.ts";
import { createPortOwner } from "./network/owner.ts";

export const buildFit = (
  { programs }: Ground,
  { keeping }: Models,
  toolsProved: FitDeps["toolsProved"],
) => createFit({ programs, system: readSystem(), keeping, toolsProved });

/** A container's limit; 0, or more than there is, where nothing limits this process. */
export const readSystem = () => ({
  platform: process.platform,
  processor: cpus()[0]?.model ?? "unknown",
  ramBytes: totalmem(),
  limitBytes: process.constrainedMemory() || undefined,
});

export const buildAdviceChecks = ({ config }: Ground, models: Models) =>
  createAdviceChecks({
    models,
    settings: config.get(modelsSetting),
    named: modelsNamedBy(config.get(agentSettings)),
    exposureOf: createPortExposure(),
    ownerOf: createPortOwner(),
    memoryBytes: totalmem(),
  });
