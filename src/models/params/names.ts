/** The parameters' names: what other programs call them, and what they have that is done otherwise here. */

/** Other programs' names for the same. */
export const ALIASES: Readonly<Record<string, string>> = {
  thinking: "think",
  extraBody: "extra_body",
  max_tokens: "num_predict",
  maxTokens: "num_predict",
  max_completion_tokens: "num_predict",
  topP: "top_p",
  topK: "top_k",
  minP: "min_p",
  keepAlive: "keep_alive",
  numCtx: "num_ctx",
  stop_sequences: "stop",
};

/** Taken by no server as such; what they mean is done another way, or not at all. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  tool_choice: "read as compat.tool_choice",
  streaming: "not used: answers always stream",
  stream: "not used: answers always stream",
  preload: "not used: a model is loaded when it is first asked",
  cacheRetention: "not used: what a server has read is kept by its own rules",
  fastMode: "not used: no service tier is ever asked for",
  serviceTier: "not used: no service tier is ever asked for",
  service_tier: "not used: no service tier is ever asked for",
};

export const nameOf = (written: string): string =>
  Object.hasOwn(ALIASES, written) ? (ALIASES[written] ?? written) : written;
