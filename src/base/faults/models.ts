import { entry } from "./entry.ts";

export const modelFaults = {
  MODEL_UNREACHABLE: entry<{ provider: string; url: string }>({
    status: 502,
    exit: 3,
    message: ({ provider, url }) => `Cannot reach "${provider}" at ${url}`,
    fix: ({ provider }) => `Start it, or correct models.providers.${provider}.baseUrl`,
  }),
  MODEL_REFUSED: entry<{ provider: string; detail: string }>({
    status: 502,
    exit: 1,
    message: ({ provider, detail }) =>
      `Cannot complete the chat: "${provider}" answered "${detail}"`,
    fix: ({ provider }) =>
      `Look at the log of "${provider}", or pick another model with \`isopod models use\``,
  }),
  MODEL_GARBLED: entry<{ provider: string; detail: string }>({
    status: 502,
    exit: 1,
    message: ({ provider, detail }) => `Cannot read the answer of "${provider}": ${detail}`,
    fix: ({ provider }) =>
      `Check that models.providers.${provider}.baseUrl points at a model server and not at another program`,
  }),
  MODEL_STREAM_CUT: entry<{ provider: string }>({
    status: 502,
    exit: 1,
    message: ({ provider }) => `Cannot finish the answer: "${provider}" closed the stream early`,
    fix: ({ provider }) =>
      `Look at the log of "${provider}"; running out of memory is the usual cause`,
  }),
  MODEL_MISSING: entry<{ provider: string; model: string; nearest?: string }>({
    status: 404,
    exit: 2,
    message: ({ provider, model }) => `Cannot use "${model}": "${provider}" does not have it`,
    fix: ({ nearest }) =>
      nearest
        ? `Did you mean "${nearest}"? List all with \`isopod models list\``
        : "List what there is with `isopod models list`",
  }),
};
