/** The peers there are. Adding one: a file, its test, a line here. */

import { litellm } from "./litellm.ts";
import { llamaCppPython } from "./llama-cpp-python.ts";
import { llamaServer } from "./llama-server.ts";
import { mlx } from "./mlx.ts";
import { nodeLlamaCpp } from "./node-llama-cpp.ts";
import { ollama } from "./ollama.ts";
import type { Peer } from "./peer.ts";

export const PEERS: readonly Peer[] = [
  ollama,
  llamaServer,
  litellm,
  mlx,
  llamaCppPython,
  nodeLlamaCpp,
];
