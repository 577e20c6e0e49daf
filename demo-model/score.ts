/** Runs cases through the provider, as a gateway would, and counts what came out exactly right. */

import { isDeepStrictEqual } from "node:util";

import type { Provider } from "../src/models/provider.ts";
import type { Case } from "./prompts.ts";

export type Score = {
  sets: Record<string, { right: number; all: number }>;
  right: number;
  all: number;
  failures: { set: string; asked: string; expected: string; got: string }[];
  /** Tokens that were read or written, less those that came from the cache. */
  tokens: number;
  seconds: number;
  /** Of all threads: what it takes on a core that nobody else uses. */
  cpuSeconds: number;
};

export async function score(
  provider: Provider,
  cases: readonly Case[],
  signal: AbortSignal,
): Promise<Score> {
  const total: Score = {
    sets: {},
    right: 0,
    all: 0,
    failures: [],
    tokens: 0,
    seconds: 0,
    cpuSeconds: 0,
  };
  const beganMs = performance.now();
  const beganCpu = process.cpuUsage();
  for (const item of cases) {
    const { got, tokens } = await answer(provider, item, signal);
    const set = (total.sets[item.set] ??= { right: 0, all: 0 });
    const isRight = isDeepStrictEqual(got, item.expected);
    for (const counts of [set, total]) {
      counts.all += 1;
      if (isRight) counts.right += 1;
    }
    total.tokens += tokens;
    if (isRight) continue;
    const asked = item.messages[0]?.text ?? "";
    const [expected, wrong] = [JSON.stringify(item.expected), JSON.stringify(got)];
    total.failures.push({ set: item.set, asked, expected, got: wrong });
  }
  const { user, system } = process.cpuUsage(beganCpu);
  total.cpuSeconds = (user + system) / 1e6;
  total.seconds = (performance.now() - beganMs) / 1000;
  return total;
}

async function answer(provider: Provider, { tools, messages }: Case, signal: AbortSignal) {
  const request = {
    model: "demo",
    system: "",
    tools: tools.map((name) => ({ name, description: "", schema: {} })),
    messages,
    contextTokens: 512,
  };
  let text = "";
  let call: { tool: string; input: unknown } | undefined;
  let tokens = 0;
  for await (const event of provider.chat(request, signal)) {
    if (event.type === "text") text += event.text;
    if (event.type === "tool-call") {
      call = { tool: event.call.tool, input: JSON.parse(event.call.argumentsJson) };
    }
    if (event.type !== "done") continue;
    const { inputTokens, outputTokens, cachedTokens = 0 } = event.usage;
    tokens = inputTokens + outputTokens - cachedTokens;
  }
  return { got: call ?? { text }, tokens };
}
