/** MLX's server (`mlx_lm.server`), on the processor where there is no Apple chip. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { MODEL, writeFolder } from "./demonstration.ts";
import type { Peer } from "./peer.ts";
import { installPython, programIn, SILENT } from "./python.ts";

const NAME = "mlx";
const VERSION = "0.32.2";

export const mlx: Peer = {
  name: NAME,
  title: "MLX",
  brings: `mlx-lm ${VERSION} from PyPI: 110 MB, half a minute`,
  product: "mlx",
  expects: {
    context: "unsaid",
    saysTools: false,
    calls: "native",
    spelling: "the model's",
    wrongName: "refused",
    replays: "as trained",
    counts: true,
    countsCache: true,
    overflow: "cut",
  },

  version: (folders) => folders.installed(NAME),

  install(folders, children, signal) {
    const engine = process.platform === "darwin" ? "mlx==0.32.4" : "mlx[cpu]==0.32.4";
    const packages = [`mlx-lm==${VERSION}`, engine] as const;
    return installPython({ name: NAME, packages }, folders, children, signal);
  },

  async start({ folders, children, port, scratch }, signal) {
    const model = join(scratch, MODEL);
    await writeFolder(model);
    // Without this folder it answers `/v1/models` with 200 and not one byte.
    mkdirSync(join(scratch, "hugging-face/hub"), { recursive: true });
    const url = `http://127.0.0.1:${port}`;
    const env = {
      ...process.env,
      ...SILENT,
      HOME: scratch,
      HF_HOME: join(scratch, "hugging-face"),
    };
    const args = ["--model", model, "--host", "127.0.0.1", "--port", `${port}`, "--temp", "0"];
    await children.serve(programIn(folders, NAME, "mlx_lm.server"), args, {
      url: `${url}/health`,
      scratch,
      env,
      signal,
    });
    return { baseUrl: `${url}/v1`, model, provider: "mlx" };
  },
};
