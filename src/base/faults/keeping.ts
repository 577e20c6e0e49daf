import { entry } from "./entry.ts";

/** What can be wrong with loading, fetching and removing models. */
export const keepingFaults = {
  MODEL_SERVER_CANNOT: entry<{ provider: string; act: string; why: string; instead: string }>({
    status: 422,
    exit: 2,
    message: ({ provider, act, why }) => `Cannot ${act}: "${provider}" ${why}`,
    fix: ({ instead }) => instead,
  }),
  MODEL_PULL_OFFLINE: entry<{ name: string; mode: string; capped: boolean }>({
    status: 403,
    exit: 2,
    message: ({ name, mode }) =>
      `Cannot download "${name}" in mode ${mode}: asking another program to download counts as internet`,
    fix: ({ capped }) =>
      capped
        ? "Set `offline` to false in the config, restart, then type `isopod mode set internet`"
        : "Allow it with `isopod mode set internet`, and go back with `isopod mode set private`",
  }),
  MODEL_PULL_GOES_ON: entry<{ name: string; mode: string; provider: string }>({
    status: 403,
    exit: 2,
    message: ({ name, mode, provider }) =>
      `The mode is ${mode} now, and "${provider}" goes on downloading "${name}": its API can start one and not stop it`,
    fix: ({ provider }) => `Stop it in the window of "${provider}", or end that program`,
  }),
  MODEL_PULL_FAILED: entry<{ provider: string; name: string; detail: string }>({
    status: 502,
    exit: 3,
    message: ({ provider, name, detail }) =>
      `Cannot download "${name}" with "${provider}": ${detail}`,
    fix: ({ name }) =>
      `Check the name and the connection, then type \`isopod models pull ${name}\` again: it goes on where it stopped`,
  }),
  MODEL_PULL_WHERE: entry<{ name: string; servers: string[] }>({
    status: 409,
    exit: 2,
    message: ({ name, servers }) =>
      servers.length > 0
        ? `Cannot tell which server is to download "${name}": ${servers.join(", ")} can`
        : `Cannot download "${name}": no server that runs can download`,
    fix: ({ servers }) =>
      servers.length > 0
        ? `Choose one with \`--server ${servers[0]}\``
        : "Start one that can, such as `ollama serve`",
  }),
  MODEL_REMOVE_OFFLINE: entry<{ ref: string; mode: string }>({
    status: 403,
    exit: 2,
    message: ({ ref, mode }) =>
      `Cannot remove "${ref}" without being told twice: in mode ${mode} it could not be downloaded again`,
    fix: ({ ref }) =>
      `Free its memory instead with \`isopod models unload ${ref}\`, or remove it all the same with \`--force\``,
  }),
  MODEL_REMOVE_UNASKED: entry<{ ref: string }>({
    status: 409,
    exit: 2,
    message: ({ ref }) => `Cannot ask whether to remove "${ref}": nobody sits at this terminal`,
    fix: () => "Say so with `--yes`",
  }),
  MODEL_ON_CPU: entry<{ ref: string; gpuPercent: number }>({
    status: 500,
    exit: 1,
    message: ({ ref, gpuPercent }) =>
      gpuPercent === 0
        ? `"${ref}" runs wholly on the processor: expect a tenth of a graphics card's speed`
        : `"${ref}" has ${gpuPercent}% on the graphics card: each word waits for the part on the processor`,
    fix: ({ gpuPercent }) =>
      gpuPercent === 0
        ? "See with `isopod models fit` what this machine can hold; where it has a card, check its driver with `nvidia-smi` or `rocminfo`"
        : "Use a smaller quantisation or a smaller contextWindow; `isopod models fit` says what fits",
  }),
  MODEL_CONTEXT_UNMET: entry<{ ref: string; wanted: number; loaded: number }>({
    status: 500,
    exit: 1,
    message: ({ ref, wanted, loaded }) =>
      `"${ref}" was loaded with ${loaded} tokens of context where ${wanted} were asked for`,
    fix: ({ ref }) =>
      `Run \`isopod models unload ${ref}\` and load it again; if it stays so, set its contextWindow to what it gets`,
  }),
  MODEL_FILE_UNREADABLE: entry<{ path: string; detail: string }>({
    status: 422,
    exit: 2,
    message: ({ path, detail }) => `Cannot read "${path}" as a GGUF file: ${detail}`,
    fix: () => "Check the path, and that the download is whole",
  }),
  MODEL_FIT_UNKNOWN: entry<{ name: string }>({
    status: 404,
    exit: 2,
    message: ({ name }) =>
      `Cannot tell how large "${name}" is: no server has it, and its name has no size`,
    fix: () =>
      'Write its size into the name, such as "name:8b", or give the path of its .gguf file',
  }),
  MODEL_FIT_NONE: entry<{ gigabytes: number; wanted?: number | undefined }>({
    status: 500,
    exit: 1,
    message: ({ gigabytes, wanted }) =>
      `No model that can work with tools fits into ${gigabytes} GB of memory${wanted ? ` with ${wanted} tokens of context` : ""}`,
    fix: ({ wanted }) =>
      `${wanted ? "Ask for a smaller `--context`, or run" : "Run"} a model server on a larger machine of yours, and name it under models.providers`,
  }),
  MODEL_TOO_LARGE: entry<{ name: string; gigabytes: number }>({
    status: 500,
    exit: 1,
    message: ({ name, gigabytes }) =>
      `"${name}" does not fit into this machine: ${gigabytes} GB are to be had for models`,
    fix: () => "Use a smaller quantisation or a smaller model; `isopod models fit` says which",
  }),
  MODEL_SMALL: entry<{ name: string; size: string }>({
    status: 500,
    exit: 1,
    message: ({ name, size }) =>
      `"${name}" has ${size} parameters: below about 14B models often struggle with tool calls in several steps`,
    fix: () =>
      "Use 30B or more for work with many tool calls, or measure this one with `isopod models probe`",
  }),
  MODEL_SERVER_EXPOSED: entry<{ provider: string; where: string; instead: string }>({
    status: 500,
    exit: 1,
    message: ({ provider, where }) =>
      `Whoever reaches this machine can use "${provider}": it listens on ${where}, and model servers ask for no password`,
    fix: ({ instead }) => instead,
  }),
  MODEL_OLLAMA_SETTING: entry<{ provider: string; setting: string; what: string; instead: string }>(
    {
      status: 500,
      exit: 1,
      message: ({ provider, setting, what }) => `"${provider}" runs with ${setting}: ${what}`,
      fix: ({ instead }) =>
        `Set ${instead} where Ollama is started (\`systemctl edit ollama\` for its service), and start it again`,
    },
  ),
};
