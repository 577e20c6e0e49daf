import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import type { FakeServer } from "../../../test/fakes/model-server.ts";
import { startOllama } from "../../../test/fakes/ollama.ts";
import { startOpenAi } from "../../../test/fakes/openai.ts";
import { Fault } from "../../base/fault.ts";
import type { DialectOptions } from "../dialect.ts";
import { createOllama } from "../ollama.ts";
import { createOpenAiCompletions } from "../openai-completions.ts";
import type { EmbedRequest, Provider } from "../provider.ts";
import { attended } from "../queue/attended.ts";
import { createScheduler } from "../queue/scheduler.ts";
import { createOpenAiResponses } from "../responses/openai-responses.ts";

const signal = new AbortController().signal;
const request: EmbedRequest = { model: "embedder", texts: ["a", "<s>b"], contextTokens: 2048 };
const vectors = [
  [0.5, -1.25, 3],
  [1e-7, 0, 2],
];

const options = (url: string): DialectOptions => ({
  id: "local",
  baseUrl: url,
  egress: createLoopbackEgress(),
  newCallId: () => "call",
});

const openAiAnswer = (embeddings: number[][]) => ({
  object: "list",
  // In any order: the index says whose each is.
  data: embeddings.map((embedding, index) => ({ index, embedding })).toReversed(),
  usage: { prompt_tokens: 6, total_tokens: 6 },
});

type Dialect = {
  start: typeof startOllama;
  create: (options: DialectOptions) => Provider;
  path: string;
  answer: (embeddings: number[][]) => object;
  sent: object;
};

const dialects: Record<string, Dialect> = {
  ollama: {
    start: startOllama,
    create: createOllama,
    path: "/api/embed",
    answer: (embeddings) => ({ embeddings, prompt_eval_count: 6 }),
    sent: {
      model: "embedder",
      input: ["a", "<s>b"],
      truncate: false,
      keep_alive: 300,
      dimensions: 3,
      options: { num_thread: 2, num_ctx: 2048 },
    },
  },
  "openai-completions": {
    start: startOpenAi,
    create: createOpenAiCompletions,
    path: "/v1/embeddings",
    answer: openAiAnswer,
    sent: { model: "embedder", input: ["a", "<s>b"], encoding_format: "float", dimensions: 3 },
  },
  "openai-responses": {
    start: startOpenAi,
    create: createOpenAiResponses,
    path: "/v1/embeddings",
    answer: openAiAnswer,
    sent: { model: "embedder", input: ["a", "<s>b"], encoding_format: "float", dimensions: 3 },
  },
};

for (const [name, { start, create, path, answer, sent }] of Object.entries(dialects)) {
  describe(`embeddings over ${name}`, () => {
    const ask = async (body: unknown, change: Partial<EmbedRequest> = {}) => {
      const server: FakeServer = await start(
        body === undefined ? {} : { routes: { [path]: body } },
      );
      try {
        const embedding = await create(options(server.url)).embed?.(
          { ...request, ...change },
          signal,
        );
        return { embedding, body: JSON.parse(server.requests.at(-1)?.body ?? "") as unknown };
      } finally {
        await server.close();
      }
    };

    test("each text has its vector, in order, and the request is what the server documents", async () => {
      const params = { keep_alive: "300", num_thread: 2 };
      const { embedding, body } = await ask(answer(vectors), { dimensions: 3, params });
      assert.deepEqual(embedding, { vectors, inputTokens: 6 });
      assert.deepEqual(body, sent);
    });

    test("a vector too few, an empty one or one of another length is no answer", async () => {
      for (const wrong of [vectors.slice(1), [[], []], [[1], [1, 2]]]) {
        await assert.rejects(ask(answer(wrong)), { code: "MODEL_GARBLED" });
      }
    });

    test("a length that the server does not keep to is refused, and the fault says which it gives", async () => {
      await assert.rejects(ask(answer(vectors), { dimensions: 2 }), /vectors of 3 alone/);
    });

    test("a server that has no such path says so, in the words of its dialect", async () => {
      const wrong = name === "ollama" ? "MODEL_GARBLED" : "MODEL_WITHOUT_EMBEDDINGS";
      await assert.rejects(ask(undefined), { code: wrong });
    });
  });
}

const provider = (embed: NonNullable<Provider["embed"]>): Provider => ({
  id: "local",
  baseUrl: "http://127.0.0.1:1",
  listModels: async () => [],
  chat: async function* () {},
  embed,
});
const timeouts = { firstTokenMs: 5_000, betweenTokensMs: 1_000, totalMs: 9_000 };

test("embeddings take their turn before the server, and the books hear of them", async () => {
  const clock = createFakeClock();
  const scheduler = createScheduler(clock, 1);
  const heard: string[] = [];
  const { embed } = attended(
    provider(async () => ({ vectors, inputTokens: 6 })),
    {
      scheduler,
      timeouts,
      clock,
      onEnd: (fault) => void heard.push(`end ${fault?.code ?? "well"}`),
      ear: {
        begins: ({ model, person }) => void heard.push(`${model} ${person}`),
        sends: () => {},
        ends: (_, { usage }) => void heard.push(`${usage.inputTokens} ${usage.outputTokens}`),
      },
    },
  );
  const place = scheduler.take(scheduler.join({ priority: "person", model: "other" }));
  const waiting = embed?.({ ...request, person: "kim", priority: "api" }, signal);
  assert.equal(scheduler.state.waiting.api, 1);
  assert.deepEqual(heard, ["embedder kim"]);
  place?.leave();
  await waiting;
  assert.deepEqual(heard, ["embedder kim", "end well", "6 0"]);
  assert.equal(scheduler.state.running, 0);
});

test("embeddings that never come end in MODEL_TIMEOUT, and who may not ask is told before the server is", async () => {
  const clock = createFakeClock();
  let asked = 0;
  const silent = provider(
    (_, signal) =>
      new Promise((_resolve, reject) => {
        asked += 1;
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  );
  const attendance = { scheduler: createScheduler(clock, 1), timeouts, clock, onEnd: () => {} };
  const { embed } = attended(silent, attendance);
  const late = assert.rejects(embed?.(request, signal) ?? Promise.resolve(), {
    code: "MODEL_TIMEOUT",
  });
  await clock.advance(5_000);
  await late;
  assert.equal(asked, 1);
  const spent = new Fault("MODEL_NONE", { why: "the budget is spent" });
  const forbidden = attended(silent, {
    ...attendance,
    ear: {
      begins: () => {
        throw spent;
      },
      sends: () => {},
      ends: () => {},
    },
  });
  await assert.rejects(forbidden.embed?.(request, signal) ?? Promise.resolve(), spent);
  assert.equal(asked, 1);
});
