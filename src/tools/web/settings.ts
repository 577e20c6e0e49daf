import { z } from "zod";

import { defineSetting } from "../../protocol/setting.ts";
import { ENGINES, engineNames } from "./engines.ts";

const Search = z
  .object({
    enabled: z.boolean().default(true).describe("false takes web_search from every model"),
    provider: z
      .enum(engineNames)
      .optional()
      .describe("Who searches; without it there is no web_search")
      .meta({ examples: ["searxng"] }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, "http://… or https://…")
      .optional()
      .describe(
        "Where it is: for searxng its own address, else only where a proxy stands before it",
      )
      .meta({ examples: ["http://192.168.1.20:8080"] }),
    apiKey: z
      .string()
      .optional()
      .describe("Your key, for brave and tavily")
      .meta({ examples: ["${SEARCH_API_KEY}"] }),
  })
  .superRefine(({ provider, url, apiKey }, context) => {
    if (!provider) return;
    const { site, keyed } = ENGINES[provider];
    const add = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if (!site && !url) add("url", `the address of your ${provider}`);
    if (keyed && !apiKey) add("apiKey", `a key of ${provider}`);
  });

export const toolsSetting = defineSetting({
  key: "tools",
  // A misspelt `enabled: false` would leave a tool to somebody who meant to take it away.
  restricts: true,
  schema: z
    .object({
      web: z
        .object({
          fetch: z
            .object({
              enabled: z.boolean().default(true).describe("false takes web_fetch from every model"),
            })
            .prefault({})
            .describe("Reads pages; hosts of `network.allow` unasked, all others once you agreed"),
          search: Search.prefault({}).describe("Asks one search engine"),
        })
        .prefault({})
        .describe("Tools that reach the internet, in mode `internet` only"),
    })
    .prefault({})
    .describe("What a model can do beside talking"),
});

export type WebSettings = z.infer<(typeof toolsSetting)["schema"]>["web"];
