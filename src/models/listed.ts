/** A server's listing, as far as it is taken: a hostile or broken one must not fill memory, logs or screens. Pure. */

import type { Model } from "./provider.ts";

/** The largest proxy lists some 3,000. */
export const MAX_MODELS = 5_000;
/** As long as any name that `/v1` takes. */
const MAX_NAME_LENGTH = 300;
/** A thousand times the largest window there is. */
const MAX_TOKENS = 1_000_000_000;

/** Without those whose name could end a line in a log, a header or a terminal. */
export const toListed = (models: readonly Model[]): Model[] =>
  models
    .slice(0, MAX_MODELS)
    .filter(({ id }) => id.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(id))
    .map(toSane);

function toSane(model: Model): Model {
  const { contextTokens, loadedContextTokens, preferredContextTokens, ...rest } = model;
  const counts = { contextTokens, loadedContextTokens, preferredContextTokens };
  const known = Object.entries(counts).filter(
    ([, tokens]) => tokens !== undefined && tokens >= 1 && tokens <= MAX_TOKENS,
  );
  return {
    ...rest,
    ...Object.fromEntries(known.map(([name, tokens]) => [name, Math.floor(tokens ?? 0)])),
  };
}
