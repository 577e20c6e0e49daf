/**
 * `agents.defaults.models`: which models may be picked, and their other names. It binds picks for a session
 * and what discovery finds; what config's chains name, or a person chose with `models use`, answers anyway, so
 * that a change of model is one change.
 */

import { Fault } from "../../base/fault.ts";
import type { ModelList } from "../../protocol/api.ts";
import type { ModelStatus } from "../../protocol/event.ts";
import type { Candidate, Models, Wanted } from "../candidate.ts";

/** By `provider/model`, or `provider/*` for all of one. */
export type Listed = Readonly<Record<string, { alias?: string | undefined }>>;

export type AllowList = {
  listed: Listed;
  /** What config's chains name and a person chose: allowed without standing in the list. */
  named: () => readonly string[];
  /** Whether nobody has said who answers, so that discovery chooses. */
  isOpen: (wanted: Wanted) => boolean;
};

/** The same models, within the list. With nothing listed they are as they were. */
export function withAllowList(models: Models, { listed, named, isOpen }: AllowList): Models {
  const names = Object.keys(listed);
  if (names.length === 0) return models;
  const isListed = (ref: string) => [...names, ...named()].some((name) => covers(name, ref));
  /** Our own demonstration goes nowhere, and answers only where nobody else does. */
  const isAllowed = ({ ref, demonstration }: Candidate) => demonstration || isListed(ref);

  async function pick(wanted: Wanted, picked: string, signal: AbortSignal): Promise<Candidate[]> {
    const route = await models.route({ ...wanted, picked: refOf(listed, picked) }, signal);
    const other = route.find((candidate) => !isAllowed(candidate));
    if (other) throw notListed(other.ref, names);
    return route;
  }

  /** Where nobody has said who answers: what was found if it is listed, else the first of the list that can. */
  async function choose(found: Candidate[], wanted: Wanted, signal: AbortSignal) {
    const [first] = found;
    if (!first || isAllowed(first)) return found;
    for (const ref of names.filter((name) => !name.endsWith("/*"))) {
      try {
        return await models.route({ ...wanted, picked: ref }, signal);
      } catch (error) {
        // The next of the list may do; if none does, that the found one is not listed is what helps.
        if (signal.aborted || !(error instanceof Fault)) throw error;
      }
    }
    throw notListed(first.ref, names);
  }

  async function route(wanted: Wanted, signal: AbortSignal): Promise<Candidate[]> {
    if (wanted.picked !== undefined) return pick(wanted, wanted.picked, signal);
    const found = await models.route(wanted, signal);
    return isOpen(wanted) ? choose(found, wanted, signal) : found;
  }

  async function current(signal: AbortSignal): Promise<ModelStatus | null> {
    if (!isOpen({})) return models.current(signal);
    try {
      const [first] = await route({}, signal);
      return first ? toStatus(first) : null;
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error;
      return null; // the list says why
    }
  }

  return {
    ...models,
    route,
    use: (ref, signal) => models.use(refOf(listed, ref), signal),

    current,

    async list(signal) {
      const list = await models.list(signal);
      const first = await current(signal);
      const rows = list.models.map((entry) => tell(entry, first?.ref, isListed));
      return { ...list, models: rows, current: first?.ref ?? null, why: first?.why ?? list.why };
    },
  };
}

type Entry = ModelList["models"][number];

function tell(
  entry: Entry,
  current: string | undefined,
  isListed: (ref: string) => boolean,
): Entry {
  const free = entry.demonstration || entry.ref === current || isListed(entry.ref);
  if (free || !(entry.usable || entry.embeds)) return entry;
  const { embeds: _, ...rest } = entry;
  return { ...rest, usable: false, reason: "agents.defaults.models does not list it" };
}

function toStatus(candidate: Candidate): ModelStatus {
  const { ref, locality, contextTokens, tools, demonstration, why } = candidate;
  return { ref, locality, contextTokens, tools, demonstration, why };
}

/** A name that somebody gave it stands for the model; everything else is one already. */
function refOf(listed: Listed, name: string): string {
  const found = Object.entries(listed).find(
    ([, { alias }]) => alias !== undefined && alias.toLowerCase() === name.toLowerCase(),
  );
  return found?.[0] ?? name;
}

/** Ollama means ":latest" where a name has no tag. */
const covers = (name: string, ref: string) =>
  name === ref ||
  `${name}:latest` === ref ||
  (name.endsWith("/*") && ref.startsWith(name.slice(0, -1)));

const notListed = (ref: string, names: readonly string[]) =>
  new Fault("MODEL_NOT_LISTED", { ref, listed: [...names] });
