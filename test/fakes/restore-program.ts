/** A restore in a process of its own, to be killed: HOME BUNDLE KEY. Says "staged" and "done" on its way. */

import { restore } from "../../src/offline/restore/restore.ts";
import { lockFolder } from "../../src/store/lock.ts";

const [home = "", path = "", key = ""] = process.argv.slice(2);
const machine = {
  home,
  env: { HOME: home, OLLAMA_MODELS: `${home}/ollama` },
  platform: "linux-x64-glibc",
};
await restore(
  { path, trusted: [key], dryRun: false },
  { machine, lock: () => lockFolder(home), cleanStore: () => {} },
  { onProgress: () => {}, signal: new AbortController().signal },
);
process.stdout.write("done\n");
