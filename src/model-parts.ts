/** The models' part of the composition root: the router, the books of what is used, and the watch over windows. */

import { freemem, totalmem } from "node:os";
import { join } from "node:path";

import { agentSettings } from "./agent/settings.ts";
import { systemClock as clock } from "./base/clock.ts";
import { createId } from "./base/ids.ts";
import type { Ground } from "./ground.ts";
import type { Models } from "./models/candidate.ts";
import { createBooks } from "./models/cost/books.ts";
import { createCostReport } from "./models/cost/cost-report.ts";
import { createPrices } from "./models/cost/prices.ts";
import { costSetting } from "./models/cost/settings.ts";
import { createEmbedded } from "./models/embedded.ts";
import type { Gguf } from "./models/engine/gguf.ts";
import { dialects } from "./models/providers.ts";
import { createApplyScorecard } from "./models/probe/apply.ts";
import type { Scorecards } from "./models/probe/cards.ts";
import { withAllowList } from "./models/policy/allow-list.ts";
import { toAllowList } from "./models/policy/said.ts";
import { createRouter } from "./models/routing/router.ts";
import { modelsSetting } from "./models/settings.ts";
import type { ChatWatch } from "./models/watch.ts";
import { slotAdvice } from "./models/window/slot-advice.ts";
import { createWindows, type Windows } from "./models/window/windows.ts";
import type { LocalServices } from "./models/local-service/services.ts";
import { createPortOwner } from "./network/owner.ts";

const root = join(import.meta.dirname, "..");

export type Cost = Awaited<ReturnType<typeof buildCost>>;

/** The books: every request to a model is written there, and a budget that is spent stops the cloud. */
export async function buildCost({ config, store, log, closing }: Ground) {
  const { spending } = store;
  const settings = config.get(costSetting);
  const { primary, fallbacks } = config.get(agentSettings).defaults.model;
  const chain = primary === undefined ? fallbacks : [primary, ...fallbacks];
  const prices = createPrices(config.get(modelsSetting), { chain, wanted: settings.compareWith });
  const books = await createBooks({
    spending,
    settings,
    priceOf: prices.of,
    clock,
    onFailure: (error) => log.error({ err: error }, "a line of the books was lost"),
  });
  const isOwner = async (person: string) => (await store.auth.person(person))?.role === "owner";
  const { spent } = books;
  const { comparison } = prices;
  const report = createCostReport({ spending, spent, settings, comparison, isOwner, clock });
  /** Is there once the models are. */
  const late: { models?: Models } = {};
  const windows = await createWindows({
    candidate: async (picked, signal) => (await late.models?.route({ picked }, signal))?.[0],
    slotAdvice: (ref) => slotAdvice(ref, config.get(modelsSetting)),
    values: store.values,
    clock,
    onFailure: (error) => log.warn({ err: error }, "a check of a model's window failed"),
  });
  closing(() => windows.close());
  return { books, report, windows, late };
}

const newCallId = () => createId("call", clock.now());

export async function buildModels(
  ground: Ground,
  {
    watch,
    windows,
    cards,
    services,
    gguf,
  }: {
    watch: ChatWatch;
    windows: Windows;
    cards: Scorecards;
    services: LocalServices;
    gguf: Gguf;
  },
) {
  const { closing, config, store, egress, programs, mode, options } = ground;
  const settings = config.get(modelsSetting);
  const demonstration = createEmbedded({
    programs,
    weights: join(root, "demo-model/demo-q8_0.gguf"),
    clock,
  });
  closing(() => demonstration.close());
  let chosen = (await store.values.get("model")) || undefined;
  const { model: chain, heartbeat } = config.get(agentSettings).defaults;
  // A key that the file itself sets is one where the environment has none.
  const env = { ...config.variables, ...options.env };
  const apply = createApplyScorecard({ cards, newCallId });
  const models = createRouter({
    dialects,
    egress,
    clock,
    settings,
    env,
    newCallId,
    applyScorecard: (candidate, declared) => windows.limit(apply(candidate, declared)),
    listenerOf: createPortOwner(),
    ownUid: process.getuid?.() ?? -1,
    apiKeyOf: (provider) => apiKeyOf(settings.providers[provider]?.apiKey),
    demonstration,
    gguf,
    services,
    watch,
    chain,
    heartbeat: heartbeat?.model,
    mode: () => mode.mode,
    reach: () => ground.link.reach(),
    cap: mode.cap,
    onMode: (listener) => void mode.onChange(listener),
    memory: () => ({ totalBytes: totalmem(), availableBytes: freemem() }),
    chosen: {
      get: () => chosen,
      async set(ref) {
        await store.values.set("model", ref ?? "");
        chosen = ref;
      },
    },
  });
  closing(() => models.close());
  const said = { chosen: () => chosen, ollamaModel: env["OLLAMA_MODEL"] };
  return withAllowList(models, toAllowList(config.get(agentSettings), said));
}

/** `{ file }` was read into a text when the config was. */
const apiKeyOf = (key: unknown) => (typeof key === "string" ? key : undefined);
