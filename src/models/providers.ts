/** The wire dialects, by the name that config's `api` gives them. Adding one: a file, its test, a line here. */

import type { Dialects } from "./dialect.ts";
import { createOllama } from "./ollama.ts";
import { createOpenAiCompletions } from "./openai-completions.ts";

export const dialects: Dialects = {
  ollama: createOllama,
  "openai-completions": createOpenAiCompletions,
};
