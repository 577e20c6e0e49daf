/**
 * What holds for every true server, with the demonstration model in it. Where servers differ, the peer says
 * in what (`expects`). A case touches the server through its stage only, so that what was said can be
 * recorded and said again by a replay.
 */

import assert from "node:assert/strict";

import { Fault } from "../../src/base/fault.ts";
import { identify } from "../../src/models/fingerprint.ts";
import type { ChatEvent, ChatRequest, Provider } from "../../src/models/provider.ts";
import { presetOf } from "../../src/models/presets.ts";
import { dialects } from "../../src/models/providers.ts";
import { salvage } from "../../src/models/salvage.ts";
import type { Egress } from "../../src/network/egress.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { Demonstration } from "./demonstration.ts";
import type { Peer } from "./peer.ts";

export type Case = {
  title: string;
  run(stage: CaseStage): Promise<void>;
  /** What happens in time (an abort) is not in what was said, and not replayed. */
  live?: boolean;
};

export type CaseStage = {
  peer: Pick<Peer, "name" | "product" | "expects">;
  /** What is asked where it is no server behind an address. */
  provider?: Provider;
  /** Where Isopod's dialect begins. */
  baseUrl: string;
  model: string;
  apiKey?: string | undefined;
  egress: Egress;
  demonstration: Demonstration;
};

const never = new AbortController().signal;

export const CASES: readonly Case[] = [
  {
    title: "discovery takes it for what it is, whatever its port",
    async run(stage) {
      for (const likely of [stage.peer.product, "vllm", "custom"] as const) {
        assert.equal(await identify(toServer(stage), likely, never), stage.peer.product, likely);
      }
    },
  },
  {
    title: "the model is listed, with what the server knows of it",
    async run(stage) {
      const models = await providerOf(stage).listModels(never);
      const model = models.find(({ id }) => id === stage.model);
      assert.ok(model, `${stage.model} is not in ${JSON.stringify(models)}`);
      const { context, saysTools } = stage.peer.expects;
      const { context: made } = stage.demonstration;
      assert.equal(model.tools, saysTools ? true : undefined);
      assert.equal(
        model.contextTokens ?? model.loadedContextTokens,
        context === "unsaid" ? undefined : made,
      );
      assert.equal(model.loadedContextTokens, context === "loaded" ? made : undefined);
      assert.notEqual(model.locality, "cloud");
    },
  },
  {
    title: "an answer in words is streamed, and ends with its counts",
    async run(stage) {
      const events = await chat(stage, [user(stage.demonstration.greeting.asked)]);
      assert.ok(textOf(events).startsWith(stage.demonstration.greeting.begins), textOf(events));
      assert.ok(events.filter(({ type }) => type === "text").length > 3, "it comes bit by bit");
      const done = doneOf(events);
      assert.equal(done.reason, "stop");
      const { inputTokens, outputTokens } = done.usage;
      const { counts } = stage.peer.expects;
      assert.equal(inputTokens > 10, counts, `${inputTokens} tokens read`);
      assert.equal(outputTokens > 5, counts, `${outputTokens} tokens written`);
    },
  },
  {
    title: "a tool call comes with its name and its arguments, as the server wrote them",
    async run(stage) {
      const events = await chat(stage, [user(stage.demonstration.reading.asked)]);
      const [call, ...more] = callsOf(stage, events);
      assert.ok(call, JSON.stringify(events));
      assert.deepEqual(more, []);
      assert.equal(call.tool, stage.demonstration.reading.tool);
      const { argumentsJson } = stage.demonstration.reading;
      const compact = JSON.stringify(JSON.parse(argumentsJson));
      const own = stage.peer.expects.spelling === "the model's";
      assert.equal(call.argumentsJson, own ? argumentsJson : compact);
      const native = stage.peer.expects.calls === "native";
      assert.equal(doneOf(events).reason, native ? "tool-calls" : "stop");
    },
  },
  {
    title: "a call and its result are replayed, and the model answers from them",
    async run(stage) {
      const [call] = callsOf(stage, await chat(stage, [user(stage.demonstration.reading.asked)]));
      assert.ok(call);
      const events = await chat(stage, [
        user(stage.demonstration.reading.asked),
        { role: "assistant", text: "", toolCalls: [call] },
        {
          role: "tool",
          callId: call.id,
          tool: call.tool,
          text: stage.demonstration.reading.result,
          ok: true,
        },
      ]);
      const exact = stage.peer.expects.replays === "as trained";
      const answer = textOf(events);
      if (exact) assert.equal(answer, stage.demonstration.reading.answer);
      else assert.ok(answer.includes(stage.demonstration.reading.result), answer);
      assert.equal(doneOf(events).reason, "stop");
    },
  },
  {
    title: "what was read before is not read again, and counted where the server counts it",
    async run(stage) {
      const first = [user(stage.demonstration.reading.asked)];
      await chat(stage, first);
      const again = doneOf(await chat(stage, first)).usage;
      const { cachedTokens = 0, inputTokens } = again;
      const { countsCache } = stage.peer.expects;
      assert.equal(again.cachedTokens !== undefined, countsCache, JSON.stringify(again));
      if (countsCache) assert.ok(cachedTokens > inputTokens / 2, JSON.stringify(again));
    },
  },
  {
    title: "an answer that the limit cut says so",
    async run(stage) {
      const events = await chat(stage, [user(stage.demonstration.greeting.asked)], {
        maxTokens: 4,
      });
      assert.equal(doneOf(events).reason, "length");
    },
  },
  {
    title: "a model that is not there is named, or the server has one for every name",
    async run(stage) {
      const asked = chat(stage, [user(stage.demonstration.greeting.asked)], {
        model: "isopod-dmeo",
      });
      if (stage.peer.expects.wrongName === "refused") {
        await assert.rejects(asked, { code: "MODEL_MISSING" });
      } else assert.notEqual(textOf(await asked), "");
    },
  },
  {
    title:
      "a prompt beyond the context is refused by its name, or answered from what is left of it",
    async run(stage) {
      const long = user(
        `${"word ".repeat(stage.demonstration.context)}\n${stage.demonstration.greeting.asked}`,
      );
      const asked = chat(stage, [long]);
      if (stage.peer.expects.overflow === "refused") {
        await assert.rejects(asked, { code: "MODEL_CONTEXT_EXCEEDED" });
      } else doneOf(await asked);
    },
  },
  {
    title: "security: a wrong key is refused as one, where the server has a key",
    async run(stage) {
      if (stage.apiKey === undefined) return;
      const asked = chat({ ...stage, apiKey: "sk-of-somebody-else" }, [
        user(stage.demonstration.greeting.asked),
      ]);
      await assert.rejects(asked, { code: "MODEL_KEY_REFUSED" });
    },
  },
  {
    title: "an aborted answer ends with the reason, and the server takes the next one",
    live: true,
    async run(stage) {
      const stop = new AbortController();
      const reason = new Error("stop was pressed");
      const events = providerOf(stage).chat(
        toRequest(stage, [user(stage.demonstration.greeting.asked)]),
        stop.signal,
      );
      await assert.rejects(async () => {
        for await (const event of events) if (event.type === "text") stop.abort(reason);
      }, reason);
      assert.ok(
        textOf(await chat(stage, [user(stage.demonstration.greeting.asked)])).startsWith(
          stage.demonstration.greeting.begins,
        ),
      );
    },
  },
];

const toServer = ({ baseUrl, apiKey, egress }: CaseStage) => ({
  id: "peer",
  baseUrl: baseUrl.replace(/\/v1$/, ""),
  egress,
  apiKey,
});

function providerOf(stage: CaseStage): Provider {
  if (stage.provider) return stage.provider;
  const { product, name } = stage.peer;
  const { api } = presetOf(product);
  const dialect = dialects[api];
  if (!dialect) throw new Error(`there is no dialect "${api}"`);
  let calls = 0;
  const newCallId = () => `call_${++calls}`;
  return dialect({ ...toServer(stage), id: name, baseUrl: stage.baseUrl, newCallId, product });
}

const toRequest = (
  { model, demonstration }: CaseStage,
  messages: Message[],
  more: Partial<ChatRequest> = {},
): ChatRequest => ({
  model,
  system: "",
  tools: demonstration.tools,
  messages,
  contextTokens: demonstration.context,
  maxTokens: 64, // a model that does not stop must not hold up the suite
  params: { temperature: 0 },
  ...more,
});

const chat = (stage: CaseStage, messages: Message[], more?: Partial<ChatRequest>) =>
  Array.fromAsync(providerOf(stage).chat(toRequest(stage, messages, more), never));

const user = (text: string): Message => ({ role: "user", text });

const textOf = (events: ChatEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

/** As the agent finds them: native ones, and what is really a call in the text. */
function callsOf({ peer, demonstration }: CaseStage, events: ChatEvent[]) {
  if (peer.expects.calls === "native") {
    return events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
  }
  const { tools } = demonstration;
  const context = { tools, accepts: () => true, earlier: [], newCallId: () => "call_1" };
  return salvage(textOf(events), context)?.calls ?? [];
}

function doneOf(events: ChatEvent[]) {
  const done = events.at(-1);
  if (done?.type === "done") return done;
  throw new Error(`it ended with ${JSON.stringify(done)}`);
}

/** A fault in words, for what a suite prints. */
export const toWords = (error: unknown) =>
  error instanceof Fault ? `${error.code} ${error.message}` : String(error);
