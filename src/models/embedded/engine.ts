/** Weights, tokenizer and cache together: answers one prompt after another, greedily. Blocks its thread. */

import { fitPrompt, type Loss } from "./fit.ts";
import { readGguf } from "./gguf.ts";
import { createLlama } from "./llama.ts";
import type { Prompt } from "./prompt.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

/** What comes out, in order: `started`, texts and marks, `done`; or `too-long` alone. */
export type Output =
  | ({ type: "started"; inputTokens: number; cachedTokens: number } & Loss)
  /** Whole characters, never a part of one. */
  | { type: "text"; text: string }
  /** A token that no text can spell, such as `<tool_call>`. */
  | { type: "mark"; mark: string }
  | { type: "done"; reason: "stop" | "length" | "aborted"; outputTokens: number }
  /** The last exchange alone does not fit. */
  | { type: "too-long"; contextTokens: number };

export type Job = {
  prompt: Prompt;
  maxTokens?: number | undefined;
  /** Asked after every layer, each some 0.3 ms. */
  isStopped: () => boolean;
};

export interface Engine {
  readonly contextTokens: number;
  answer(job: Job, emit: (output: Output) => void): void;
}

/** Throws `Damage`. */
export function createEngine(bytes: Uint8Array): Engine {
  const gguf = readGguf(bytes);
  const tokenizer = createTokenizer(gguf);
  const llama = createLlama(gguf);
  /** The tokens whose keys and values are kept: the next prompt is read from where it differs. */
  const cached: number[] = [];

  /** Reads up to `tokens`, from where the cache ends; undefined when it was stopped. */
  const readOn = (tokens: readonly number[], isStopped: () => boolean) => {
    const from = cached.length;
    const logits = llama.read(tokens, from, isStopped);
    if (logits) for (const token of tokens) cached.push(token);
    return logits;
  };

  return {
    contextTokens: llama.contextTokens,
    answer({ prompt, maxTokens = Infinity, isStopped }, emit) {
      const fit = fitPrompt(prompt, tokenizer, llama.contextTokens);
      if (!fit) return emit({ type: "too-long", contextTokens: llama.contextTokens });
      const { tokens, ...loss } = fit;
      cached.length = commonLength(cached, tokens);
      emit({ type: "started", inputTokens: tokens.length, cachedTokens: cached.length, ...loss });
      const writer = createWriter(tokenizer, emit);
      let logits = readOn(tokens.slice(cached.length), isStopped);
      let outputTokens = 0;
      let reason: "stop" | "length" | "aborted" = "aborted";
      while (logits) {
        const token = largest(logits);
        if (tokenizer.isEnd(token)) reason = "stop";
        else if (outputTokens >= maxTokens || cached.length >= llama.contextTokens)
          reason = "length";
        if (reason !== "aborted") break;
        outputTokens += 1;
        writer.write(token);
        logits = readOn([token], isStopped);
      }
      writer.end();
      emit({ type: "done", reason, outputTokens });
    },
  };
}

/** How much of the prompt is there already; its last token is always read again, for the logits. */
function commonLength(cached: readonly number[], tokens: readonly number[]): number {
  let length = 0;
  while (length < tokens.length - 1 && cached[length] === tokens[length]) length += 1;
  return length;
}

function largest(logits: Float32Array): number {
  let best = 0;
  let value = -Infinity;
  logits.forEach((logit, token) => {
    if (logit > value) [best, value] = [token, logit];
  });
  return best;
}

/** Turns tokens into whole characters: bytes of an unfinished one wait for the next token. */
function createWriter(tokenizer: Tokenizer, emit: (output: Output) => void) {
  let decoder = new TextDecoder();
  const say = (text: string) => {
    if (text) emit({ type: "text", text });
  };
  const end = () => {
    say(decoder.decode());
    decoder = new TextDecoder();
  };
  return {
    write(token: number) {
      const mark = tokenizer.mark(token);
      if (mark === undefined) return say(decoder.decode(tokenizer.bytes(token), { stream: true }));
      end();
      emit({ type: "mark", mark });
    },
    end,
  };
}
