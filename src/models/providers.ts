/** The wire dialects, by the name that config's `api` gives them. Adding one: a file, its test, a line here. */

import { createAnthropicMessages } from "./anthropic/anthropic-messages.ts";
import type { Dialects } from "./dialect.ts";
import { createOllama } from "./ollama.ts";
import { createOpenAiCompletions } from "./openai-completions.ts";
import { createOpenAiResponses } from "./responses/openai-responses.ts";

export const dialects: Dialects = {
  ollama: createOllama,
  "openai-completions": createOpenAiCompletions,
  "openai-responses": createOpenAiResponses,
  "anthropic-messages": createAnthropicMessages,
};
