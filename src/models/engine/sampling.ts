/** Runtime parameters by the names of node-llama-cpp. Pure. What it does not have is not sent. */

import { outputLimit, type Params, readParams } from "../params/fields.ts";
import type { Sampling } from "./letters.ts";

export function toSampling(params: Params): Sampling {
  const read = readParams(params);
  const number = (name: string) => {
    const value = read[name];
    return typeof value === "number" ? value : undefined;
  };
  const stop = [read["stop"]].flat().filter((text) => typeof text === "string");
  const sampling = {
    temperature: number("temperature"),
    topP: number("top_p"),
    topK: number("top_k"),
    minP: number("min_p"),
    seed: number("seed"),
    repeatPenalty: toPenalty(number),
    customStopTriggers: stop.length > 0 ? stop : undefined,
  };
  return dropUndefined(sampling);
}

/** None unless one is set: a tool's arguments repeat what stands in the prompt. */
function toPenalty(number: (name: string) => number | undefined): Sampling["repeatPenalty"] {
  const penalty = number("repeat_penalty");
  const frequencyPenalty = number("frequency_penalty");
  const presencePenalty = number("presence_penalty");
  const set = dropUndefined({ penalty, frequencyPenalty, presencePenalty });
  return Object.keys(set).length > 0 ? set : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(value: T): Present<T> {
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present) as Present<T>; // the same keys, fewer of them
}

/** The limit on an answer: the request's own, else the parameter's. */
export const toLimit = (maxTokens: number | undefined, params: Params): number | undefined =>
  maxTokens ?? outputLimit(params);
