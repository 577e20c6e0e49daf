/** What the parts of one probe share: whom they ask, with what, and who is told how far it is. */

import type { Clock } from "../../base/clock.ts";
import type { Candidate } from "../candidate.ts";
import type { ChatRequest, Provider } from "../provider.ts";
import { ask, type Heard } from "./ask.ts";

export interface Session {
  readonly candidate: Candidate;
  /** Tokens that an answer may take. */
  readonly answerTokens: number;
  /** One request, counted as one step. Throws what says nothing of the model, and the signal's reason. */
  ask(request: Asked, signal: AbortSignal): Promise<Heard>;
  /** What is being done, for people. */
  tell(text: string): void;
  /** All is done; what was skipped counts as done. */
  finish(): void;
  /** Steps that need not be done. */
  skip(steps: number): void;
}

export type Asked = Partial<
  Pick<ChatRequest, "system" | "tools" | "toolChoice" | "format" | "maxTokens">
> &
  Pick<ChatRequest, "messages"> & {
    /** Another than the model's own: one that forces the form of calls. */
    provider?: Provider;
  };

/** A call and a short answer take less; a model that thinks before it speaks needs room for that. */
const ANSWER_TOKENS = 512;
const THINKING_TOKENS = 2_048;

/** Reading the agent's prompt at 10 tokens a second, and writing an answer at 3. */
const LIMIT_MS = 5 * 60_000;

export type SessionOptions = {
  candidate: Candidate;
  clock: Clock;
  steps: number;
  onProgress: (done: number, steps: number, text: string) => void;
};

export function createSession({ candidate, clock, steps, onProgress }: SessionOptions): Session {
  const { model, contextTokens } = candidate;
  let done = 0;
  let text = "";
  const show = () => onProgress(Math.min(done, steps), steps, text);
  // A third of a tiny window is for the answer.
  const wanted = model.reasoning ? THINKING_TOKENS : ANSWER_TOKENS;
  const answerTokens = Math.min(
    wanted,
    candidate.maxTokens ?? wanted,
    Math.floor(contextTokens / 3),
  );
  return {
    candidate,
    answerTokens,
    async ask({ provider = candidate.unforced ?? candidate.provider, ...asked }, signal) {
      const request: ChatRequest = {
        model: model.id,
        system: "",
        tools: [],
        contextTokens,
        maxTokens: answerTokens,
        ...asked,
        // The same each time: a probe that is repeated should say the same.
        params: { ...candidate.params, temperature: 0, seed: SEED },
      };
      try {
        return await ask({ provider, request }, { clock, limitMs: LIMIT_MS }, signal);
      } finally {
        done += 1;
        show();
      }
    },
    tell(now) {
      text = now;
      show();
    },
    finish() {
      done = steps;
      show();
    },
    skip(count) {
      done += count;
      show();
    },
  };
}

const SEED = 7;
