/** What can be carried; in the order in which it is put into place. */
export const KINDS = [
  "program",
  "engine",
  "ollama",
  "gguf",
  "hf",
  "image",
  "config",
  "state",
] as const;
export type Kind = (typeof KINDS)[number];

/** The word of people for several of them. */
export const MODEL_KINDS: readonly Kind[] = ["ollama", "gguf", "hf"];
