import { entry } from "./entry.ts";

export const agentFaults = {
  TURN_STOPPED: entry({
    status: 499,
    exit: 130,
    message: () => "Stopped: the turn was ended by a person",
    fix: () => "Send another message to go on",
  }),
  TURN_LOOPING: entry<{ tool: string; times: number }>({
    status: 500,
    exit: 1,
    message: ({ tool, times }) =>
      `Ended the turn: the model called "${tool}" ${times} times with the same arguments and the same result`,
    fix: () => "Say the task in other words, or pick another model with `isopod models use`",
  }),
  TURN_BUDGET: entry<{ what: string; limit: number; setting: string }>({
    status: 500,
    exit: 1,
    message: ({ what, limit }) => `Ended the turn: it used up its ${limit} ${what}`,
    fix: ({ setting }) => `Send "go on" to continue, or raise agents.defaults.${setting}`,
  }),
  SESSION_FULL: entry<{ limitMb: number }>({
    status: 413,
    exit: 2,
    message: ({ limitMb }) =>
      `Cannot take more into this session: its messages take more than ${limitMb} MiB`,
    fix: () => "Begin a new session, and delete the old one where it is not needed any more",
  }),
  TURN_QUEUE_FULL: entry<{ limit: number }>({
    status: 429,
    exit: 1,
    message: ({ limit }) => `Cannot take the message: ${limit} of this session are waiting already`,
    fix: () => "Wait for an answer, or stop the running turn",
  }),
  ANSWER_EMPTY: entry<{ model: string }>({
    status: 502,
    exit: 1,
    message: ({ model }) => `Cannot answer: "${model}" said nothing, twice`,
    fix: () => "Send the message again, or pick another model with `isopod models use`",
  }),
  /** `headTokens` where not even the instructions and tools fit: no new session helps. */
  CONTEXT_FULL: entry<{ model: string; contextTokens: number; headTokens?: number }>({
    status: 413,
    exit: 1,
    message: ({ model, contextTokens, headTokens }) =>
      headTokens === undefined
        ? `Cannot ask "${model}": the conversation does not fit its ${contextTokens} tokens, even shortened`
        : `Cannot ask "${model}": it reads ${contextTokens} tokens, and instructions and tools alone take about ${headTokens}`,
    fix: ({ headTokens }) =>
      headTokens === undefined
        ? "Begin a new session, or raise the model's contextWindow if the machine has the memory"
        : "Load it with a context of 8192 tokens or more, or pick another model with `isopod models use`",
  }),
  AGENT_CLOSED: entry({
    status: 503,
    exit: 3,
    message: () => "Cannot take the message: the gateway is stopping",
    fix: () => "Send it again once the gateway runs: `isopod gateway start`",
  }),
};
