import { z } from "zod";

import { defineSetting } from "../protocol/setting.ts";

export const documentsSetting = defineSetting({
  key: "documents",
  restricts: false,
  schema: z
    .object({
      embeddings: z
        .string()
        .min(1)
        .default("auto")
        .describe(
          'The model that lets documents be found by what they mean, "provider/model"; "auto" takes one of a server of yours, "off" goes by words alone. Text never goes to a cloud for it.',
        ),
    })
    .prefault({})
    .describe("Local documents that `isopod docs add` lets you search."),
});

export type DocumentsSettings = z.infer<typeof documentsSetting.schema>;
