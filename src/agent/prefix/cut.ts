/** Whether a server read clearly less of a prompt than it was sent, and said nothing. Pure. */

export type Sent = {
  /** Of system text, tools and messages. */
  sizeBytes: number;
  /** What the server says that it read of them, cached ones included. */
  inputTokens: number;
};

export type CutInput = Sent & {
  /** What this model's prompts were measured at; undefined before the first. */
  bytesPerToken: number | undefined;
  /** The request before it in the same conversation with the same model. */
  before: Sent | undefined;
};

/** No text is this sparse: a server that counts fewer tokens than this has not read all of it. */
const SPARSEST_BYTES_PER_TOKEN = 6;
/** Tables, code and talk differ in density by less. */
const CLEARLY_FEWER = 0.7;
/** A third of what the prompt grew by: then the server does read on, whatever its ratio. */
const GROWS_SHARE = 1 / 3;
/** No window is smaller; what counts less counts something else (what was not cached, or nothing well). */
const LEAST_READ_TOKENS = 512;
/** A server that counts what is not cached alone counts about what is new. */
const FRESH_SHARE = 0.3;
const FRESH_SLACK_TOKENS = 128;

/** Undefined where all is well, or where nobody can tell. */
export function detectCut(input: CutInput): { readTokens: number; sentTokens: number } | undefined {
  const { sizeBytes, inputTokens, bytesPerToken = SPARSEST_BYTES_PER_TOKEN, before } = input;
  const sentTokens = Math.round(sizeBytes / bytesPerToken);
  if (inputTokens < LEAST_READ_TOKENS) return undefined;
  if (inputTokens >= sentTokens * CLEARLY_FEWER) return undefined;
  if (before && before.inputTokens > 0) {
    const grewTokens = Math.max(0, (sizeBytes - before.sizeBytes) / bytesPerToken);
    if (Math.abs(inputTokens - grewTokens) <= grewTokens * FRESH_SHARE + FRESH_SLACK_TOKENS) {
      return undefined;
    }
    const counted = inputTokens - before.inputTokens;
    if (grewTokens > 0 && counted >= grewTokens * GROWS_SHARE) return undefined;
  }
  return { readTokens: inputTokens, sentTokens };
}
