import { withoutLogin } from "../without-login.ts";
import { entry } from "./entry.ts";

export const modelFaults = {
  /** `start` is the product's own command, where the provider's name says which product it is. */
  MODEL_UNREACHABLE: entry<{ provider: string; url: string; start?: string }>({
    status: 502,
    exit: 3,
    message: ({ provider, url }) => `Cannot reach "${provider}" at ${withoutLogin(`${url}`)}`,
    fix: ({ provider, start }) =>
      `Start it${start ? ` with \`${start}\`` : ""}, or correct models.providers.${provider}.baseUrl`,
  }),
  MODEL_REFUSED: entry<{ provider: string; detail: string }>({
    status: 502,
    exit: 1,
    message: ({ provider, detail }) => `Cannot go on with "${provider}": it answered "${detail}"`,
    fix: ({ provider }) =>
      `Look at the log of "${provider}", or pick another model with \`isopod models use\``,
  }),
  MODEL_KEY_REFUSED: entry<{ provider: string; detail: string }>({
    status: 502,
    exit: 2,
    message: ({ provider, detail }) => `Cannot use "${provider}": it wants another key (${detail})`,
    fix: ({ provider }) => `Set models.providers.${provider}.apiKey`,
  }),
  MODEL_BUSY: entry<{ provider: string; detail: string }>({
    status: 503,
    exit: 1,
    message: ({ provider, detail }) => `Cannot get a turn at "${provider}": ${detail}`,
    fix: ({ provider }) =>
      `Try again in a moment, or lower models.providers.${provider}.maxConcurrent`,
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
  MODEL_TIMEOUT: entry<{ provider: string; what: string; seconds: number }>({
    status: 504,
    exit: 3,
    message: ({ provider, what, seconds }) =>
      `Cannot wait longer for "${provider}": no ${what} within ${seconds} s`,
    fix: ({ provider }) =>
      `Raise models.providers.${provider}.timeoutSeconds, or pick a smaller model`,
  }),
  MODEL_OUT_OF_MEMORY: entry<{ provider: string; detail: string }>({
    status: 503,
    exit: 3,
    message: ({ provider, detail }) =>
      `Cannot run the model: "${provider}" has not the memory for it (${detail})`,
    fix: () =>
      "Use a smaller quantisation (Q4_K_M), a smaller model or a smaller contextWindow: `isopod models fit` says what this machine holds",
  }),
  MODEL_CONTEXT_EXCEEDED: entry<{ provider: string; detail: string }>({
    status: 413,
    exit: 1,
    message: ({ provider, detail }) =>
      `Cannot fit the conversation into the context of "${provider}": ${detail}`,
    fix: () => "Start a new session, or load the model with a larger context",
  }),
  MODEL_TOOLS_REFUSED: entry<{ provider: string; model: string; detail: string }>({
    status: 502,
    exit: 1,
    message: ({ provider, model, detail }) =>
      `Cannot give tools to "${model}": "${provider}" answered "${detail}"`,
    fix: ({ provider, model }) =>
      `Pick a model with tools, start vLLM with --enable-auto-tool-choice and a --tool-call-parser, or set models.providers.${provider}.models["${model}"].compat.supportsTools to false`,
  }),
  MODEL_DECLINED: entry<{ provider: string; model: string }>({
    status: 502,
    exit: 1,
    message: ({ provider, model }) =>
      `Cannot show an answer: "${model}" of "${provider}" declined to give one`,
    fix: () => "Say it in other words, or pick another model with `isopod models use`",
  }),
  MODEL_BLIND: entry<{ ref: string }>({
    status: 422,
    exit: 1,
    message: ({ ref }) => `Cannot show an image to "${ref}": this model does not see`,
    fix: () =>
      'Pick a model that sees with `isopod models use`, or send the text alone; if it does see, set its `input` to ["text", "image"]',
  }),
  MODEL_WITHOUT_EMBEDDINGS: entry<{ ref: string }>({
    status: 422,
    exit: 1,
    message: ({ ref }) => `Cannot make embeddings with "${ref}": it chats and does nothing else`,
    fix: () =>
      "Pick a model that embeds, such as the one that `isopod models pull nomic-embed-text` fetches; llama.cpp's server needs --embeddings",
  }),
  MODEL_MISSING: entry<{ provider: string; model: string; nearest?: string }>({
    status: 404,
    exit: 2,
    message: ({ provider, model }) => `Cannot use "${model}": "${provider}" does not have it`,
    fix: ({ nearest }) =>
      nearest
        ? `Did you mean "${nearest}"? List all with \`isopod models list\``
        : "List what there is with `isopod models list`, or download it with `isopod models pull`",
  }),
  MODEL_PROVIDER_UNKNOWN: entry<{ ref: string; known: string[] }>({
    status: 404,
    exit: 2,
    message: ({ ref }) => `Cannot use "${ref}": no configured or running server offers it`,
    fix: ({ known }) =>
      known.length > 0
        ? `Write it as provider/model with one of: ${known.join(", ")}; or start its server`
        : "Start its server, or add it under models.providers",
  }),
  MODEL_DIALECT_UNKNOWN: entry<{ provider: string; api: string; allowed: string[] }>({
    status: 500,
    exit: 2,
    message: ({ provider, api }) => `Cannot speak "${api}" to "${provider}" yet`,
    fix: ({ provider, allowed }) =>
      `Set models.providers.${provider}.api to one of: ${allowed.join(", ")}`,
  }),
  MODEL_NONE: entry<{ why: string }>({
    status: 503,
    exit: 3,
    message: ({ why }) => `Cannot answer: there is no model to ask (${why})`,
    fix: () =>
      "Start a model server such as `ollama serve`, or see what was found with `isopod models list`",
  }),
  MODEL_ONLY_DEMONSTRATION: entry<{ why: string }>({
    status: 500,
    exit: 1,
    message: ({ why }) => `Only the built-in demonstration model answers: ${why}`,
    fix: () =>
      "Start a model server such as `ollama serve` with a model; it is found at the next message",
  }),
  MODEL_LINK_DOWN: entry<{ ref: string; link: string }>({
    status: 503,
    exit: 3,
    message: ({ ref, link }) => `Cannot ask "${ref}" now: ${link}`,
    fix: () =>
      "Wait, it is asked again when the link is back; or pick a model of this machine. If the link is up, `isopod mode check` or `isopod mode link up` says so",
  }),
  MODEL_NOT_ALLOWED: entry<{ ref: string; mode: string; why: string; allow: string }>({
    status: 403,
    exit: 2,
    message: ({ ref, mode, why }) => `Cannot use "${ref}" in mode ${mode}: ${why}`,
    fix: ({ allow }) => allow,
  }),
  MODEL_NOT_LISTED: entry<{ ref: string; listed: string[] }>({
    status: 403,
    exit: 2,
    message: ({ ref }) => `Cannot pick "${ref}": agents.defaults.models does not list it`,
    fix: ({ ref, listed }) =>
      `Pick one of ${listed.map((name) => `"${name}"`).join(", ")}, add it to agents.defaults.models, or make it the one that answers with \`isopod models use ${ref}\``,
  }),
  MODEL_SESSION_PRIVATE: entry<{ ref: string; provider: string; where: string }>({
    status: 403,
    exit: 2,
    message: ({ ref, where }) => `Cannot use "${ref}" in a private session: ${where}`,
    fix: ({ provider }) =>
      `Pick one on your own machines with \`isopod models list\`, or begin a session that is not private; if "${provider}" is a machine of yours, set models.providers.${provider}.locality`,
  }),
  MODEL_SERVICE_UNAPPROVED: entry<{ provider: string }>({
    status: 403,
    exit: 2,
    message: ({ provider }) =>
      `Cannot start "${provider}": nobody has approved its command line on this machine`,
    fix: ({ provider }) =>
      `Look at it and approve it with \`isopod models service approve ${provider}\``,
  }),
  MODEL_SERVICE_CHANGED: entry<{ provider: string }>({
    status: 409,
    exit: 2,
    message: ({ provider }) =>
      `Cannot approve "${provider}": its command line is not the one that was shown`,
    fix: ({ provider }) => `Look again with \`isopod models service approve ${provider}\``,
  }),
  MODEL_SERVICE_ELSEWHERE: entry<{ provider: string }>({
    status: 403,
    exit: 2,
    message: ({ provider }) => `Cannot approve "${provider}" from another machine`,
    fix: ({ provider }) =>
      `Run \`isopod models service approve ${provider}\` on the machine that the gateway runs on`,
  }),
  MODEL_SERVICE_WRITABLE: entry<{ provider: string; word: string; workspace: string }>({
    status: 403,
    exit: 2,
    message: ({ provider, word, workspace }) =>
      `Cannot start "${provider}": "${word}" leads into the workspace "${workspace}", where a model may write`,
    fix: ({ provider }) =>
      `Move it elsewhere, and correct models.providers.${provider}.localService`,
  }),
  MODEL_SERVICE_FAILED: entry<{ provider: string; detail: string; log: string }>({
    status: 502,
    exit: 3,
    message: ({ provider, detail }) => `Cannot start "${provider}": ${detail}`,
    fix: ({ provider, log }) =>
      log === ""
        ? `Correct models.providers.${provider}`
        : `Look at ${log}, correct models.providers.${provider}.localService, then \`isopod models service stop ${provider}\` forgets the failures`,
  }),
  MODEL_GAVE_WAY: entry<{ provider: string }>({
    status: 503,
    exit: 1,
    message: ({ provider }) => `Cannot go on in the background: a person needs "${provider}" now`,
    fix: () => "Ask again; it waits for its turn",
  }),
  MODEL_WITHOUT_TOOLS: entry<{ ref: string }>({
    status: 500,
    exit: 1,
    message: ({ ref }) => `"${ref}" cannot call tools: it chats, but cannot read or write files`,
    fix: () => "Pick a model with tools: `isopod models list` shows which have them",
  }),
  MODEL_CONTEXT_SMALLER: entry<{ ref: string; configured: number; served: number }>({
    status: 500,
    exit: 1,
    message: ({ ref, configured, served }) =>
      `"${ref}" serves ${served} tokens of context where ${configured} are configured; the server's limit is used`,
    fix: ({ served }) =>
      `Load the model with a larger context, or set its contextWindow to ${served}`,
  }),
  MODEL_CONTEXT_TIGHT: entry<{ ref: string; contextTokens: number; least: number }>({
    status: 500,
    exit: 1,
    message: ({ ref, contextTokens, least }) =>
      `"${ref}" has ${contextTokens} tokens of context, and work with tools needs about ${least}`,
    fix: () => "Load the model with a larger context, or pick another with `isopod models use`",
  }),
  MODEL_V1_REWRITTEN: entry<{ provider: string; url: string }>({
    status: 500,
    exit: 1,
    message: ({ provider }) =>
      `"${provider}" is an Ollama behind /v1, which loses tool calls; it is spoken natively instead`,
    fix: ({ provider, url }) =>
      `Set models.providers.${provider} to { api: "ollama", baseUrl: "${withoutLogin(`${url}`)}" }`,
  }),
  MODEL_IN_CLOUD: entry<{ ref: string }>({
    status: 500,
    exit: 1,
    message: ({ ref }) => `"${ref}" runs in the cloud, though its server is on this machine`,
    fix: () => "Pick a model that is on this machine with `isopod models use`",
  }),
  MODEL_DAMAGED: entry<{ path: string; detail: string }>({
    status: 500,
    exit: 1,
    message: ({ path, detail }) => `Cannot load the model "${path}": ${detail}`,
    fix: ({ path }) =>
      `Put back an undamaged "${path}", by downloading it again (the built-in one comes with Isopod), or pick another model with \`isopod models use\``,
  }),
};
