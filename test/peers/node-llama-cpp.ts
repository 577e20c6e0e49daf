/** node-llama-cpp, which is a library: `node-llama-cpp-server.ts` puts it behind a port. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { MODEL, WEIGHTS } from "./demonstration.ts";
import type { Peer } from "./peer.ts";

const NAME = "node-llama-cpp";
const VERSION = "3.22.1";

export const nodeLlamaCpp: Peer = {
  name: NAME,
  title: "node-llama-cpp",
  brings: `node-llama-cpp ${VERSION} from npm, without graphics cards: 85 MB, a quarter of a minute`,
  product: "custom",
  expects: {
    context: "loaded",
    saysTools: false,
    calls: "native",
    spelling: "compact",
    wrongName: "ignored",
    replays: "its own way",
    counts: true,
    countsCache: true,
    overflow: "cut",
  },

  version: (folders) => folders.installed(NAME),

  async install(folders, children, signal) {
    folders.forget(NAME);
    const folder = folders.of(NAME);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    const engine = `@node-llama-cpp/${enginePackage()}@${VERSION}`;
    // Its optional parts are the engines of every system and card: 640 MB.
    const lean = ["install", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
    await children.run("npm", [...lean, `${NAME}@${VERSION}`, engine], { cwd: folder, signal });
    folders.note(NAME, VERSION);
  },

  async start({ folders, children, port, scratch }, signal) {
    const library = join(folders.root, NAME, `node_modules/${NAME}/dist/index.js`);
    const server = join(import.meta.dirname, "node-llama-cpp-server.ts");
    const url = `http://127.0.0.1:${port}`;
    await children.serve(process.execPath, [server, library, WEIGHTS, MODEL, `${port}`], {
      url: `${url}/v1/models`,
      scratch,
      env: { ...process.env, HOME: scratch },
      signal,
    });
    return { baseUrl: `${url}/v1`, model: MODEL, provider: "node-llama-cpp" };
  },
};

function enginePackage(): string {
  if (process.platform === "darwin")
    return process.arch === "arm64" ? "mac-arm64-metal" : "mac-x64";
  return `linux-${process.arch}`;
}
