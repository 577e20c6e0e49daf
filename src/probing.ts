/** The part of the composition that measures models: a probe asks with what the agent asks with. */

import { randomInt } from "node:crypto";

import { createHeads } from "./agent/head.ts";
import { alwaysOffered } from "./agent/offered.ts";
import { agentSettings } from "./agent/settings.ts";
import { systemClock as clock } from "./base/clock.ts";
import { Fault } from "./base/fault.ts";
import { createId } from "./base/ids.ts";
import type { Ground } from "./ground.ts";
import type { Models } from "./models/candidate.ts";
import type { Scorecards } from "./models/probe/cards.ts";
import { provesTools } from "./models/probe/decide.ts";
import { createProbing, type Probing } from "./models/probe/probing.ts";
import { sandboxSetting } from "./sandbox/settings.ts";
import { createTools } from "./tools/tools.ts";

export function buildProbing({ config, log }: Ground, models: Models, cards: Scorecards): Probing {
  // The agent's own system text and tools: with another prompt a model does other things.
  const tools = createTools({ sandbox: config.get(sandboxSetting) });
  const heads = createHeads(alwaysOffered(tools));
  const { instructions } = config.get(agentSettings).defaults;
  return createProbing({
    clock,
    prompt: () => heads.for({ tools: true }, [instructions]),
    newCallId: () => createId("call", clock.now()),
    newSeed: () => randomInt(2 ** 31),
    async find(picked, signal) {
      const [first] = await models.route({ picked }, signal);
      if (!first) throw new Fault("MODEL_NONE", { why: "the route is empty" });
      return first;
    },
    refs: async (signal) =>
      (await models.list(signal)).models.filter(({ usable }) => usable).map(({ ref }) => ref),
    cards,
    log,
  });
}

/** A name may be of a model on any server, as it stands in front of a download. */
export const toolsProvedIn =
  (cards: Scorecards) =>
  (name: string): boolean =>
    cards
      .list()
      .some((card) => (card.ref === name || card.ref.endsWith(`/${name}`)) && provesTools(card));
