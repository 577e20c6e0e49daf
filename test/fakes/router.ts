/** A router over fakes: its servers run on loopback, its clock and memory are the test's. */

import type { TestContext } from "node:test";

import type { Target } from "../../src/models/discovery.ts";
import type { Listener } from "../../src/models/locality.ts";
import type { Provider } from "../../src/models/provider.ts";
import { dialects } from "../../src/models/providers.ts";
import { createRouter, type RouterDeps } from "../../src/models/routing/router.ts";
import { modelsSetting } from "../../src/models/settings.ts";
import type { Mode } from "../../src/protocol/event.ts";
import { createFakeClock } from "./clock.ts";
import { createLoopbackEgress } from "./loopback-egress.ts";
import type { FakeModel, Script } from "./model-server.ts";
import { startOllama } from "./ollama.ts";

export const OWN = 1000;
export const GIB = 1024 ** 3;
export const signal = () => new AbortController().signal;

export const DEMO: Provider = {
  id: "embedded",
  baseUrl: "embedded:",
  listModels: () =>
    Promise.resolve([
      { id: "demo", locality: "embedded", demonstration: true, contextTokens: 2048, tools: true },
    ]),
  async *chat() {
    yield { type: "done", reason: "stop", usage: { inputTokens: 0, outputTokens: 0 } };
  },
};

type Given = {
  models?: unknown;
  chain?: RouterDeps["chain"];
  mode?: Mode;
  /** What can be reached; everything without it. */
  reach?: RouterDeps["reach"];
  cap?: Mode;
  targets?: Target[];
  listener?: Listener | undefined;
  env?: RouterDeps["env"];
  demonstration?: Provider;
  apiKeyOf?: RouterDeps["apiKeyOf"];
};

export function createTestRouter(given: Given = {}) {
  const clock = createFakeClock();
  const egress = createLoopbackEgress();
  const state = {
    mode: given.mode ?? "private",
    chosen: undefined as string | undefined,
    listener: "listener" in given ? given.listener : { uid: OWN, program: "server" },
    targets: given.targets ?? [],
  };
  const listeners: (() => void)[] = [];
  /** As a person does: what listens to it hears of it. */
  const setMode = (mode: Mode) => {
    state.mode = mode;
    for (const listener of listeners) listener();
  };
  const router = createRouter({
    settings: modelsSetting.schema.parse(given.models ?? {}),
    dialects,
    egress,
    clock,
    newCallId: () => "call_own",
    listenerOf: () => Promise.resolve(state.listener),
    ownUid: OWN,
    env: given.env ?? {},
    apiKeyOf: given.apiKeyOf ?? (() => undefined),
    demonstration: given.demonstration,
    get targets() {
      return state.targets;
    },
    chain: given.chain ?? { fallbacks: [] },
    mode: () => state.mode,
    reach: given.reach,
    cap: given.cap,
    onMode: (listener) => void listeners.push(listener),
    memory: () => ({ totalBytes: 32 * GIB, availableBytes: 16 * GIB }),
    chosen: {
      get: () => state.chosen,
      set: (ref) => {
        state.chosen = ref;
        return Promise.resolve();
      },
    },
  });
  return { router, clock, egress, state, setMode };
}

export async function ollama(t: TestContext, models: FakeModel[], script: Script = {}) {
  const server = await startOllama({ models, ...script });
  t.after(() => server.close());
  const target: Target = { id: "ollama", likely: "ollama", url: server.url, named: false };
  return { server, target };
}

export const refs = async (
  router: ReturnType<typeof createTestRouter>["router"],
  picked?: string,
) => (await router.route({ picked }, signal())).map(({ ref }) => ref);

export const SMALL = { name: "qwen3:8b", sizeBytes: 5 * GIB };
export const OTHER = { name: "llama3:8b", sizeBytes: 4 * GIB };
