/** What the page's fake gateway stands in: a machine without a model server and without bubblewrap. */

import type { ModelList } from "../../src/protocol/api.ts";
import type { Status } from "../../src/protocol/event.ts";

export const demonstration: Status = {
  version: "0.1.0",
  mode: "private",
  link: { state: "unknown", reason: "a default route over eth0", since: 1_700_000_000_000 },
  model: {
    ref: "embedded/demonstration",
    locality: "embedded",
    contextTokens: 2048,
    tools: true,
    demonstration: true,
    why: "No model server answered on this machine.",
  },
  sandbox: {
    ok: false,
    name: "none",
    reason: "bubblewrap is not installed: `apt install bubblewrap`",
  },
  workspace: "/home/kim/isopod",
  privateWorkspaces: "/home/kim/.isopod/private",
  notes: [
    {
      code: "MODELS_NONE",
      text: "No model server answered on ports 11434, 1234, 8000, 8080, 9931, 30000",
    },
    { code: "SANDBOX_OFF", text: "The tool `run` is off: bubblewrap is not installed" },
  ],
};

export const foundModels: ModelList = {
  models: [
    {
      ref: "ollama/qwen3:8b",
      provider: "ollama",
      locality: "device",
      contextTokens: 32_768,
      tools: true,
      loaded: true,
      scorecard: null,
      demonstration: false,
      usable: true,
    },
    {
      ref: "ollama/kimi-k2:cloud",
      provider: "ollama",
      locality: "cloud",
      contextTokens: 131_072,
      scorecard: null,
      demonstration: false,
      usable: false,
      reason: "The mode is private, and this model runs in the cloud",
    },
    {
      ref: "embedded/demonstration",
      provider: "embedded",
      locality: "embedded",
      contextTokens: 2048,
      tools: true,
      scorecard: null,
      demonstration: true,
      usable: true,
    },
  ],
  current: "embedded/demonstration",
  why: "No model server answered on this machine.",
  faults: [],
};
