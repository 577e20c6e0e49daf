/**
 * A model server that keeps the prefix of what each slot read last, as llama.cpp's does: it speaks the
 * OpenAI-compatible dialect and tells in `timings` what it had and what it read. It answers with words of
 * the prompt and thinks nothing. Time is counted and not spent.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type CachingOptions = {
  /** How many prompts it remembers. */
  slots?: number;
  /** A slot that shares so much of a prompt is taken for it, though another one is free. */
  similarity?: number;
  contextTokens?: number;
  /** What it does with a prompt that is too long: an error, or the end of it alone, without a word. */
  tooLong?: "refuses" | "cuts";
  /** Below what it says of itself: the window that it really has. */
  heldTokens?: number;
  msPerToken?: number;
};

export type CachingServer = Awaited<ReturnType<typeof startCachingServer>>;

const CHARS_PER_TOKEN = 4;

export async function startCachingServer(options: CachingOptions = {}) {
  const settings = { slots: 1, similarity: 0.5, contextTokens: 8192, msPerToken: 2, ...options };
  /** The prompt of each slot, the one that was used last at the end. */
  let kept: string[] = [];
  const asked: { promptTokens: number; readTokens: number }[] = [];

  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = (request.url ?? "").split("?")[0];
    if (path === "/v1/chat/completions") return chat(body, response);
    const plain = PLAIN[path ?? ""]?.(settings.contextTokens);
    response.writeHead(plain ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(plain ?? { error: { message: "not found" } }));
  }

  function chat(body: string, response: ServerResponse): void {
    const request = JSON.parse(body) as Chat; // a fake trusts its tests
    const whole = promptOf(request);
    const window = settings.heldTokens ?? settings.contextTokens;
    const isTooLong = tokensOf(whole) > window;
    if (isTooLong && settings.tooLong !== "cuts") {
      response.writeHead(400, { "content-type": "application/json" });
      const message = `the request exceeds the available context size (${window} tokens)`;
      response.end(
        JSON.stringify({ error: { code: 400, message, type: "exceed_context_size_error" } }),
      );
      return;
    }
    const prompt = isTooLong ? whole.slice(-window * CHARS_PER_TOKEN) : whole;
    const had = take(prompt);
    const promptTokens = tokensOf(prompt);
    const readTokens = Math.max(1, promptTokens - had);
    asked.push({ promptTokens, readTokens });
    const said = echoOf(prompt);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunksOf(said, { promptTokens, readTokens, ms: settings.msPerToken })) {
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  }

  /** How many tokens of the prompt a slot had; the slot has all of it from then on. */
  function take(prompt: string): number {
    const best = kept.toSorted((a, b) => common(b, prompt) - common(a, prompt))[0];
    const had = best === undefined ? 0 : common(best, prompt);
    // As llama.cpp does: a slot that has a good part of it, else the one that was used the longest ago.
    const evicted =
      had > prompt.length * settings.similarity
        ? best
        : kept.length < settings.slots
          ? undefined
          : kept[0];
    kept = [...kept.filter((one) => one !== evicted), prompt];
    return Math.floor((evicted === undefined ? 0 : common(evicted, prompt)) / CHARS_PER_TOKEN);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // of TCP, never a text
  return {
    url: `http://127.0.0.1:${port}`,
    /** What each chat sent and what was read of it. */
    asked,
    settings,
    /** As after a start of the server or another load of the model. */
    reload: () => void (kept = []),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

type Chat = {
  messages: { role: string; content?: string | null; tool_calls?: unknown }[];
  tools?: unknown;
  chat_template_kwargs?: unknown;
};

/** The template: parameters, tools and system text at the head, then the messages. */
function promptOf({ messages, tools, chat_template_kwargs: kwargs }: Chat): string {
  const head = [kwargs, tools].map((part) => (part === undefined ? "" : JSON.stringify(part)));
  const lines = messages.map(
    ({ role, content, tool_calls: calls }) =>
      `<${role}>${content ?? ""}${calls === undefined ? "" : JSON.stringify(calls)}</${role}>`,
  );
  return [...head, ...lines, "<assistant>"].join("\n");
}

/** All words that begin with "nonce-": what a reader who has read everything can say again. */
const echoOf = (prompt: string) =>
  ["ok", ...new Set(prompt.match(/\bnonce-[a-z0-9]+/g) ?? [])].join(" ");

function* chunksOf(
  content: string,
  { promptTokens, readTokens, ms }: { promptTokens: number; readTokens: number; ms: number },
): Generator<object> {
  const about = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
  yield { ...about, choices: [{ index: 0, delta: { content }, finish_reason: null }] };
  yield { ...about, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  const outputTokens = tokensOf(content);
  const cached = promptTokens - readTokens;
  yield {
    ...about,
    choices: [],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: outputTokens,
      prompt_tokens_details: { cached_tokens: cached },
    },
    timings: {
      cache_n: cached,
      prompt_n: readTokens,
      prompt_ms: readTokens * ms,
      predicted_n: outputTokens,
      predicted_ms: outputTokens * ms * 4,
    },
  };
}

const tokensOf = (prompt: string) => Math.ceil(prompt.length / CHARS_PER_TOKEN);

function common(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

const PLAIN: Record<string, (contextTokens: number) => object> = {
  "/v1/models": () => ({
    object: "list",
    data: [{ id: "m", object: "model", owned_by: "llamacpp", meta: { n_ctx_train: 131_072 } }],
  }),
  "/props": (contextTokens) => ({
    default_generation_settings: { n_ctx: contextTokens },
    total_slots: 1,
  }),
};
