/** llama-cpp-python's server: llama.cpp compiled into Python, with its own API in front. */

import { MODEL, WEIGHTS } from "./demonstration.ts";
import type { Peer } from "./peer.ts";
import { installPython, programIn, SILENT } from "./python.ts";

const NAME = "llama-cpp-python";
const VERSION = "0.3.36";

export const llamaCppPython: Peer = {
  name: NAME,
  title: "llama-cpp-python",
  brings: `llama-cpp-python ${VERSION}, compiled from PyPI's sources: a quarter of an hour on one core`,
  product: "custom",
  expects: {
    context: "unsaid",
    saysTools: false,
    calls: "as text",
    spelling: "the model's",
    wrongName: "ignored",
    replays: "its own way",
    counts: false,
    countsCache: false,
    overflow: "cut",
  },

  version: (folders) => folders.installed(NAME),

  install(folders, children, signal) {
    const packages = [`llama-cpp-python[server]==${VERSION}`] as const;
    const env = { CMAKE_BUILD_PARALLEL_LEVEL: "1" }; // of two cores, somebody else wants one
    return installPython({ name: NAME, packages, env }, folders, children, signal);
  },

  async start({ folders, children, port, scratch }, signal) {
    const url = `http://127.0.0.1:${port}`;
    const model = ["--model", WEIGHTS, "--model_alias", MODEL, "--n_threads", "1"];
    const at = ["--host", "127.0.0.1", "--port", `${port}`];
    await children.serve(
      programIn(folders, NAME, "python"),
      ["-m", "llama_cpp.server", ...model, ...at],
      {
        url: `${url}/v1/models`,
        scratch,
        env: { ...process.env, ...SILENT, HOME: scratch },
        signal,
      },
    );
    return { baseUrl: `${url}/v1`, model: MODEL, provider: "llama-cpp-python" };
  },
};
