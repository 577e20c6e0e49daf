/** LiteLLM's proxy, with llama.cpp's server behind it and a key before it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { MODEL } from "./demonstration.ts";
import { llamaServer, serveLlama } from "./llama-server.ts";
import type { Peer } from "./peer.ts";
import { freePort } from "./ports.ts";
import { installPython, programIn, SILENT } from "./python.ts";

const NAME = "litellm";
const VERSION = "1.106.2";
/** It takes no key that is short or known, and this one is for the loopback of a test. */
const KEY = "sk-isopod-peer-7d0c5b3e9a1f48c2";

export const litellm: Peer = {
  name: NAME,
  title: "LiteLLM",
  brings: `litellm[proxy] ${VERSION} from PyPI, and llama-server behind it: 210 MB, half a minute`,
  product: "litellm",
  expects: {
    context: "unsaid",
    saysTools: false,
    calls: "native",
    spelling: "the model's",
    wrongName: "refused",
    replays: "as trained",
    counts: true,
    countsCache: true,
    overflow: "refused",
  },

  version: (folders) => llamaServer.version(folders) && folders.installed(NAME),

  async install(folders, children, signal) {
    if (llamaServer.version(folders) === undefined) {
      await llamaServer.install(folders, children, signal);
    }
    const packages = [`litellm[proxy]==${VERSION}`] as const;
    await installPython({ name: NAME, packages }, folders, children, signal);
  },

  async start(stage, signal) {
    const { folders, children, port, scratch } = stage;
    const behind = await freePort();
    await serveLlama(stage, behind, signal);
    const config = {
      model_list: [
        {
          model_name: MODEL,
          litellm_params: {
            model: `openai/${MODEL}`,
            api_base: `http://127.0.0.1:${behind}/v1`,
            api_key: "none",
          },
        },
      ],
      litellm_settings: { telemetry: false },
      general_settings: { master_key: KEY },
    };
    const path = join(scratch, "config.yaml");
    writeFileSync(path, JSON.stringify(config)); // JSON is YAML
    const url = `http://127.0.0.1:${port}`;
    const args = ["--config", path, "--host", "127.0.0.1", "--port", `${port}`];
    // It fetches its table of prices from GitHub otherwise.
    const env = { ...process.env, ...SILENT, HOME: scratch, LITELLM_LOCAL_MODEL_COST_MAP: "True" };
    await children.serve(programIn(folders, NAME, "litellm"), [...args, "--telemetry", "False"], {
      url: `${url}/health/liveliness`,
      scratch,
      env,
      signal,
    });
    await warm(url, signal);
    return { baseUrl: `${url}/v1`, model: MODEL, provider: "litellm", apiKey: KEY };
  },
};

/** Its first answers load half of the program: seconds, of which a listing has five. */
async function warm(url: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${KEY}` };
  for (const path of ["/v1/models", "/api/v1/models"]) {
    const response = await fetch(url + path, { headers, signal });
    await response.body?.cancel();
  }
}
