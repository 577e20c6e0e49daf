import { entry } from "./entry.ts";

export const usageFaults = {
  // Without sums: whoever asks is told it, and what all together spent is the owner's to see.
  COST_BUDGET_SPENT: entry<{ period: string; setting: string; held: boolean }>({
    status: 402,
    exit: 1,
    message: ({ period, held }) =>
      held
        ? `Cannot ask a cloud model: what is left of the budget ${period} is held for requests that run now`
        : `Cannot ask a cloud model: the budget ${period} is spent`,
    fix: ({ setting, held }) =>
      `${held ? "Ask again once they are over, raise" : "Raise"} ${setting}, or pick a local model with \`isopod models use\`; \`isopod cost\` shows its owner what was spent`,
  }),
  MODEL_PROMPT_CUT: entry<{ ref: string; readTokens: number; sentTokens: number }>({
    status: 502,
    exit: 1,
    message: ({ ref, readTokens, sentTokens }) =>
      `The server of "${ref}" read ${readTokens} of about ${sentTokens} prompt tokens and dropped the rest without a word`,
    fix: () =>
      "Load the model with a larger context (`contextWindow`, or the server's own setting); until then less is sent to it",
  }),
  MODEL_WINDOW_CUT: entry<{ ref: string; wantedTokens: number; heldTokens: number }>({
    status: 500,
    exit: 1,
    message: ({ ref, wantedTokens, heldTokens }) =>
      `"${ref}" was to hold ${wantedTokens} tokens, and its server holds ${heldTokens}: it cuts off longer prompts without a word`,
    fix: ({ ref, heldTokens }) =>
      `Load the model with a larger context, or set contextWindow of "${ref}" to ${heldTokens}; until then no more than that is sent`,
  }),
  MODEL_WINDOW_UNUSABLE: entry<{ ref: string; heldTokens: number; least: number }>({
    status: 502,
    exit: 1,
    message: ({ ref, heldTokens, least }) =>
      `Cannot use "${ref}": its server cuts prompts at ${heldTokens} tokens without a word, and the least that can be worked with is ${least}`,
    fix: () =>
      "Load the model with a larger context, then run `isopod context check`; or pick another with `isopod models use`",
  }),
  MODEL_SLOTS_EVICT: entry<{ ref: string; advice: string }>({
    status: 500,
    exit: 1,
    message: ({ ref }) =>
      `Two conversations with "${ref}" push each other out of its server's cache: each is read from its start at every turn`,
    fix: ({ advice }) => advice,
  }),
};
