/** The scorecards there are: in memory for the router, which asks at every turn, and in the store. */

import type { Log } from "../../base/log.ts";
import { Scorecard } from "../../protocol/scorecard.ts";
import type { Store } from "../../store/store.ts";
import type { Model } from "../provider.ts";
import { digestOf, serverOf } from "./identity.ts";

export interface Scorecards {
  /** The newest of this model on this server. */
  of(baseUrl: string, model: Model): Scorecard | undefined;
  /** All there are. */
  list(): Scorecard[];
  /** In force at once, and on disk when it resolves. */
  put(card: Scorecard): Promise<void>;
}

export async function createScorecards(
  rows: Store["scorecards"],
  log: Pick<Log, "warn">,
): Promise<Scorecards> {
  const cards = new Map<string, Scorecard>();
  const keyOf = (server: string, digest: string) => JSON.stringify([server, digest]);
  for (const { card, server } of await rows.list()) {
    const parsed = Scorecard.safeParse(parse(card));
    // One of another version is measured anew; it is no reason not to start.
    if (parsed.success) cards.set(keyOf(server, parsed.data.digest), parsed.data);
    else log.warn({ server }, "a scorecard could not be read and is passed over");
  }
  return {
    of: (baseUrl, model) => cards.get(keyOf(serverOf(baseUrl), digestOf(model))),
    list: () => [...cards.values()],
    async put(card) {
      const { server, digest, measuredAt } = card;
      cards.set(keyOf(server, digest), card);
      await rows.put({ server, digest, measuredAt, card: JSON.stringify(card) });
    },
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // the schema refuses it
  }
}
