import { entry } from "./entry.ts";

/** What can be wrong with the add-on that runs GGUF files. */
export const engineFaults = {
  MODEL_ENGINE_MISSING: entry<{ model: string }>({
    status: 503,
    exit: 2,
    message: ({ model }) => `Cannot run "${model}": the engine for GGUF files is not installed`,
    fix: () => "Install it with `isopod models engine install`",
  }),
  MODEL_ENGINE_OFFLINE: entry<{ mode: string; capped: boolean }>({
    status: 403,
    exit: 2,
    message: ({ mode }) =>
      `Cannot install the engine in mode ${mode}: asking npm to download counts as internet`,
    fix: ({ capped }) =>
      capped
        ? "Install from a folder that another machine filled: `isopod models engine install --save DIR` there, `--from DIR` here"
        : "Allow it with `isopod mode set internet`, or carry it from another machine: `--save DIR` there, `--from DIR` here",
  }),
  MODEL_ENGINE_UNSUPPORTED: entry<{ gpu: string; machine: string; allowed: string[] }>({
    status: 422,
    exit: 2,
    message: ({ gpu, machine }) => `Cannot install the engine for "${gpu}" on ${machine}`,
    fix: ({ allowed }) =>
      allowed.length > 0
        ? `Choose one with \`--gpu ${allowed.join("` or `--gpu ")}\``
        : "Use a model server instead, such as `ollama serve`",
  }),
  MODEL_ENGINE_FAILED: entry<{ detail: string }>({
    status: 502,
    exit: 3,
    message: ({ detail }) => `Cannot install the engine: ${detail}`,
    fix: () => "Run `isopod models engine install` again: it goes on where it stopped",
  }),
  MODEL_ENGINE_BROKEN: entry<{ gpu: string; detail: string }>({
    status: 500,
    exit: 3,
    message: ({ detail }) => `Cannot start the engine: ${detail}`,
    fix: ({ gpu }) =>
      gpu === "none"
        ? "Install it again with `isopod models engine install`"
        : "Install the form for the processor with `isopod models engine install --gpu none`",
  }),
};
