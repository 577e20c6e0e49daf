/**
 * llama.cpp's server speaks the Responses and the Messages API as well: what our two other dialects say is put
 * before the true one. With a whole round of a tool, so that what they send back is understood too.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ChatEvent, ChatRequest, Provider } from "../../src/models/provider.ts";
import type { Message } from "../../src/protocol/message.ts";
import { CONTEXT, GREETING, READING, TOOLS } from "./demonstration.ts";
import { llamaServer } from "./llama-server.ts";
import { withPeer } from "./with-peer.ts";

withPeer(llamaServer, "its other dialects", ({ running, open }) => {
  const ask = (provider: Provider, messages: Message[], more: Partial<ChatRequest> = {}) =>
    Array.fromAsync(
      provider.chat(
        {
          model: running().model,
          system: "",
          tools: TOOLS,
          messages,
          contextTokens: CONTEXT,
          maxTokens: 60,
          params: { temperature: 0 },
          ...more,
        },
        never(),
      ),
    );

  for (const api of ["openai-responses", "anthropic-messages"]) {
    test(`${api}: words stream in, and the counts are there`, async () => {
      const events = await ask(open(api), [{ role: "user", text: GREETING.asked }]);
      assert.ok(textOf(events).startsWith(GREETING.begins), textOf(events));
      assert.ok(events.filter(({ type }) => type === "text").length > 1, "it streams");
      const done = events.at(-1);
      assert.ok(done?.type === "done" && done.reason === "stop");
      assert.ok(done.usage.inputTokens > 0 && done.usage.outputTokens > 0);
    });

    test(`${api}: a call, its result, and what is said to it`, async () => {
      const provider = open(api);
      const asked: Message = { role: "user", text: READING.asked };
      const events = await ask(provider, [asked]);
      const [call] = events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
      assert.equal(call?.tool, READING.tool);
      assert.deepEqual(JSON.parse(call.argumentsJson), JSON.parse(READING.argumentsJson));
      assert.ok(events.at(-1)?.type === "done");

      const answer = await ask(provider, [
        asked,
        { role: "assistant", text: "", toolCalls: [call] },
        { role: "tool", callId: call.id, tool: call.tool, text: READING.result, ok: true },
      ]);
      assert.equal(textOf(answer), READING.answer);
    });

    test(`${api}: the limit on the answer is kept, and told`, async () => {
      const events = await ask(open(api), [{ role: "user", text: GREETING.asked }], {
        maxTokens: 3,
      });
      const done = events.at(-1);
      assert.ok(done?.type === "done");
      assert.equal(done.reason, "length");
    });

    test(`${api}: a prompt that is too long is refused as such`, async () => {
      const text = `${GREETING.asked} `.repeat(CONTEXT);
      await assert.rejects(ask(open(api), [{ role: "user", text }]), {
        code: "MODEL_CONTEXT_EXCEEDED",
      });
    });

    test(`${api}: an image is refused as what this model cannot see`, async () => {
      const images = [{ mediaType: "image/png", name: "a.png", data: PIXEL }] as const;
      await assert.rejects(ask(open(api), [{ role: "user", text: "What is it?", images }]), {
        code: "MODEL_BLIND",
      });
    });
  }

  test("openai-completions: an image is refused as what this model cannot see", async () => {
    const images = [{ mediaType: "image/png", name: "a.png", data: PIXEL }] as const;
    const asked: Message = { role: "user", text: "What is it?", images };
    await assert.rejects(ask(open("openai-completions"), [asked]), { code: "MODEL_BLIND" });
  });
});

const never = () => new AbortController().signal;

const textOf = (events: readonly ChatEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

/** One red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
