import { z } from "zod";

import { defineSetting } from "../../protocol/setting.ts";

const limit = (period: string) =>
  z
    .number()
    .nonnegative()
    .optional()
    .describe(
      `The most that all cloud models together may cost a ${period}; then they are asked no more, and local ones go on`,
    )
    .meta({ examples: [period === "day" ? 2 : 30] });

export const costSetting = defineSetting({
  key: "cost",
  // A budget that is lost to a misspelt key spends money.
  restricts: true,
  schema: z
    .object({
      currency: z
        .string()
        .min(1)
        .max(8)
        .default("USD")
        .describe("What the prices of `models.providers.ID.models.MODEL.cost` are in; a name only"),
      compareWith: z
        .string()
        .optional()
        .describe(
          "The priced model that local work is compared with. Without it the first priced cloud model of the config",
        )
        .meta({ examples: ["anthropic/claude-sonnet-4-5"] }),
      budget: z
        .object({ perDay: limit("day"), perMonth: limit("month") })
        .prefault({})
        .describe("In the currency above, by the calendar of this machine"),
    })
    .prefault({})
    .describe("What models cost, and when that is enough"),
});
export type CostSettings = z.infer<typeof costSetting.schema>;
