/**
 * Keeps the books: each request that a server answered to its end is added to the sum of its person, day
 * and model, and what was spent is at hand for the budget. What was stopped half-way is counted by nobody,
 * because servers report at the end.
 */

import type { Clock } from "../../base/clock.ts";
import type { Locality } from "../../protocol/event.ts";
import type { DaySpending, Spending } from "../../store/store.ts";
import type { Timings } from "../provider.ts";
import type { ChatDone, ChatWatch, WatchedChat } from "../watch.ts";
import { mayCost, overBudget, type Spent } from "./budget.ts";
import { guessUsage } from "./guess.ts";
import { costOf, type Counted, type Price } from "./price.ts";
import type { CostSettings } from "./settings.ts";

export type BooksDeps = {
  spending: Spending;
  settings: CostSettings;
  /** The configured price of `provider/model`. */
  priceOf: (ref: string) => Price | undefined;
  clock: Clock;
  /** A line of the books could not be written; the answer goes on. */
  onFailure: (error: unknown) => void;
};

export interface Books extends ChatWatch {
  /** Undefined for a model without a price. */
  costOf(ref: string, usage: Counted): number | undefined;
  /** What everybody spent on models that may be the cloud. */
  spent(): Spent;
}

/** Reads what this month has cost so far. */
export async function createBooks(deps: BooksDeps): Promise<Books> {
  const { spending, settings, priceOf, clock } = deps;
  /** By day; of what may be the cloud. */
  const costs = new Map<string, number>();
  /** What requests that run now may cost. */
  let held = 0;
  const note = ({ day, locality, cost }: Pick<DaySpending, "day" | "locality" | "cost">) => {
    // What an older program wrote there is a locality as well.
    if (mayCost(locality as Locality)) costs.set(day, (costs.get(day) ?? 0) + cost);
  };
  for (const row of await spending.list({ since: monthOf(dayOf(clock.now())) })) note(row);

  function spent(): Spent {
    const today = dayOf(clock.now());
    const first = monthOf(today);
    let month = 0;
    for (const [day, cost] of costs) if (day >= first) month += cost;
    return { day: costs.get(today) ?? 0, month };
  }

  return {
    spent,
    costOf(ref, usage) {
      const price = priceOf(ref);
      return price && costOf(usage, price);
    },
    begins({ ref, locality, request }) {
      const fault = overBudget(locality, { spent: spent(), held }, settings);
      if (fault) throw fault;
      if (!mayCost(locality)) return undefined;
      const mine = costOf(guessUsage(request), priceOf(ref));
      held += mine;
      let isHeld = true;
      return () => {
        if (isHeld) held -= mine;
        isHeld = false;
      };
    },
    ends(chat, done) {
      const row = toRow(chat, done, dayOf(clock.now()), costOf(done.usage, priceOf(chat.ref)));
      note(row);
      spending.add(row).catch(deps.onFailure);
    },
  };
}

function toRow(
  { ref, locality, request }: WatchedChat,
  { usage, timings = {} }: ChatDone,
  day: string,
  cost: number,
): DaySpending {
  const read = readTokens(usage, timings);
  const { outputMs = 0, promptMs = 0 } = timings;
  return {
    person: request.person ?? "",
    day,
    model: ref,
    locality,
    requests: 1,
    inputTokens: usage.inputTokens,
    cachedTokens: usage.cachedTokens ?? 0,
    cacheToldTokens: usage.cachedTokens === undefined ? 0 : usage.inputTokens,
    outputTokens: usage.outputTokens,
    promptTokens: promptMs > 0 ? (read ?? 0) : 0,
    promptMs: read === undefined ? 0 : promptMs,
    timedOutputTokens: outputMs > 0 ? usage.outputTokens : 0,
    outputMs,
    cost,
  };
}

/**
 * How many tokens the server read in `promptMs`. Undefined where it counts the cached ones too and does not
 * say how many they were (Ollama): a speed made of those would be too good.
 */
export function readTokens(usage: Counted, { promptTokens }: Timings): number | undefined {
  if (promptTokens !== undefined) return promptTokens;
  return usage.cachedTokens === undefined ? undefined : usage.inputTokens - usage.cachedTokens;
}

/** By the calendar of this machine: a budget of a day ends at its midnight. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => `${value}`.padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first day of its month. */
export const monthOf = (day: string): string => `${day.slice(0, 7)}-01`;
