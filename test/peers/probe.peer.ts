/**
 * The forced form and the whole probe before true servers, with the demonstration model in them. What that
 * model is worth is not the point; that a true grammar takes our one schema over all tools, and what each
 * server tells of its times and its cache, is.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import type { Candidate } from "../../src/models/candidate.ts";
import { constrained } from "../../src/models/constrained/constrained.ts";
import { formOf } from "../../src/models/constrained/form.ts";
import { createFormReader } from "../../src/models/constrained/reader.ts";
import { PROBE_TOOLS } from "../../src/models/probe/tasks.ts";
import { probe } from "../../src/models/probe/probe.ts";
import type { ChatRequest, Provider } from "../../src/models/provider.ts";
import { Scorecard } from "../../src/protocol/scorecard.ts";
import { sandboxSetting } from "../../src/sandbox/settings.ts";
import { toSpec } from "../../src/tools/spec.ts";
import { createTools } from "../../src/tools/tools.ts";
import { llamaServer } from "./llama-server.ts";
import { ollama } from "./ollama.ts";
import { type AtPeer, withPeer } from "./with-peer.ts";

const never = new AbortController().signal;

for (const peer of [ollama, llamaServer]) withPeer(peer, "a probe", probing);

function probing({ running, open }: AtPeer): void {
  const request = (more: Partial<ChatRequest>): ChatRequest => ({
    model: running().model,
    system: "",
    tools: PROBE_TOOLS,
    messages: [{ role: "user", text: "hello" }],
    contextTokens: 512,
    maxTokens: 120,
    params: { temperature: 0 },
    ...more,
  });
  const called = async (of: Provider, more: Partial<ChatRequest>) => {
    const events = await Array.fromAsync(of.chat(request(more), never));
    return events.flatMap((event) => (event.type === "tool-call" ? [event.call.tool] : []));
  };

  test("its grammar forces a call out of a model that would greet; without the form it greets", async () => {
    const provider = open();
    const forced = constrained(provider, () => "own");

    assert.deepEqual(await called(provider, {}), []);
    assert.equal((await called(forced, { toolChoice: "required" })).length, 1);
    assert.deepEqual(await called(forced, { toolChoice: "none" }), []);
  });

  test("it takes the one schema over all our tools, and that of each of them", async () => {
    const provider = open();
    const tools = createTools({ sandbox: sandboxSetting.schema.parse({}) }).map(toSpec);
    // The tools in words would not fit this model's window: the schema alone is what is tried.
    for (const offered of [tools, ...tools.map((tool) => [tool])]) {
      const format = formOf(offered, "required");
      const events = await Array.fromAsync(provider.chat(request({ tools: [], format }), never));
      const reader = createFormReader(() => "own");
      for (const event of events) if (event.type === "text") reader.push(event.text);
      const made = reader.end().call?.tool;
      assert.ok(
        offered.some(({ name }) => name === made),
        `${made} was not offered`,
      );
    }
  });

  test("the whole probe ends with a scorecard that says what was measured", async () => {
    const provider = open();
    const [model] = await provider.listModels(never);
    assert.ok(model);
    const candidate: Candidate = {
      ref: `p/${model.id}`,
      provider,
      model,
      locality: "device",
      contextTokens: 512,
      params: {},
      tools: true,
      demonstration: false,
      why: "the test says so",
    };
    let seed = 1;
    const deps = {
      clock: systemClock,
      prompt: () => ({ system: "", tools: PROBE_TOOLS }),
      newCallId: () => "own",
      newSeed: () => seed++,
    };
    const card = await probe({ candidate, full: false, onProgress: () => {} }, deps, never);
    const result = (id: string) => card.checks.find((check) => check.id === id)?.result;

    assert.deepEqual(Scorecard.parse(card), card);
    assert.equal(result("reachable"), "passed");
    assert.equal(result("streams"), "passed");
    assert.equal(result("cache"), "passed", "its cache saves the second reading");
    assert.equal(card.speed.by, "server");
    assert.ok((card.speed.promptTokensPerSecond ?? 0) > 0);
    assert.ok((card.speed.outputTokensPerSecond ?? 0) > 0);
  });
}
