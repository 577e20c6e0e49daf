/** Flags that guides write beside `compat` instead of inside. */
export const FLAGS = [
  "requiresStringContent",
  "strictMessageKeys",
  "tool_choice",
  "supportsTools",
  "maxTokensField",
] as const;
