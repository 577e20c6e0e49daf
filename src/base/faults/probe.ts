import { entry } from "./entry.ts";

/** Measuring a model. */
export const probeFaults = {
  MODEL_PROBE_FAILED: entry<{ ref: string; why: string }>({
    status: 502,
    exit: 1,
    message: ({ ref, why }) => `Cannot measure "${ref}": it did not say a word (${why})`,
    fix: ({ ref }) => `See whether it answers at all: \`isopod chat --model ${ref} hello\``,
  }),
  MODEL_PROBE_COSTS: entry<{ ref: string; locality: string }>({
    status: 403,
    exit: 2,
    message: ({ ref, locality }) =>
      `Cannot measure "${ref}" unasked: ${locality === "cloud" ? "it runs in the cloud" : "nobody knows where it runs"}, and some 40,000 tokens may cost money`,
    fix: ({ ref }) => `Run \`isopod models probe ${ref} --yes\` if they may`,
  }),
  MODEL_PROBE_RUNNING: entry<{ ref: string }>({
    status: 409,
    exit: 1,
    message: ({ ref }) => `Cannot measure two models at once: "${ref}" is being measured`,
    fix: () => "Wait until it is done; each would make the other look slow",
  }),
};
