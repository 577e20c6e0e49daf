import { z } from "zod";

import { defineSetting } from "../protocol/setting.ts";

export const offlineSetting = defineSetting({
  key: "offline",
  // A misspelt `offline` would leave the internet open to somebody who meant to close it.
  restricts: true,
  schema: z
    .boolean()
    .default(false)
    .describe("true keeps the mode at private or device: nobody can set it to internet"),
});

export const networkSetting = defineSetting({
  key: "network",
  restricts: true,
  schema: z
    .object({
      allow: z
        .array(z.string().trim().min(1).max(253))
        .default([])
        .describe(
          "Hosts that may be connected to beside those of the providers, as far as the mode reaches",
        ),
    })
    .prefault({})
    .describe("What else may be connected to; `isopod mode set` says how far"),
});

export type NetworkSettings = z.infer<(typeof networkSetting)["schema"]>;
