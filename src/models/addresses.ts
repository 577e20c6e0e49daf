/** Where servers are: config's word first, then what was found on this machine, then default ports. */

import { abortable } from "../base/abortable.ts";
import { discover, type Found, isSame, type Note } from "./discovery.ts";
import { defaultBaseUrl, presetAt, presetNamed, type ProductId } from "./presets.ts";
import type { Address } from "./server.ts";
import type { ServersDeps } from "./servers.ts";

/** Looking costs a few ms where ports are closed: at most every third second, and 1% of the time. */
const LOOK_AGAIN_MS = 3_000;
const LOOK_PART = 100;

export type Search = ReturnType<typeof createSearch>;

/** What was found on this machine, looked for anew when somebody asks and it is time. */
export function createSearch(deps: ServersDeps, note: (note: Note) => void) {
  const { settings, clock } = deps;
  let found: Found[] = [];
  const proved = new Map<string, ProductId>();
  let looking: Promise<void> | undefined;
  let nextMs = -Infinity;

  async function look(): Promise<void> {
    const beganMs = clock.elapsedMs();
    const { found: now, notes } = await discover(deps, new AbortController().signal);
    found = now;
    for (const { id, product } of now) proved.set(id, product);
    notes.forEach(note);
    const endedMs = clock.elapsedMs();
    nextMs = endedMs + Math.max(LOOK_AGAIN_MS, (endedMs - beganMs) * LOOK_PART);
  }

  return {
    found: () => found,
    productOf: (id: string) => proved.get(id),
    /** It has to say again what it is. */
    doubt: (id: string) => void proved.delete(id),
    async run(signal: AbortSignal): Promise<void> {
      if (settings.mode === "replace" || clock.elapsedMs() < nextMs) return;
      looking ??= look().finally(() => (looking = undefined));
      await abortable(looking, signal);
    },
  };
}

/** Who is where: config's word first, then what was found, then a product's default port. */
export function createAddresses(deps: ServersDeps, search: Search) {
  const { providers } = deps.settings;

  function configured(id: string): Address | undefined {
    const settings = Object.hasOwn(providers, id) ? providers[id] : undefined;
    if (!settings || settings.api === "embedded") return undefined;
    const baseUrl = settings.baseUrl ?? defaultBaseUrl(presetNamed(id));
    return baseUrl
      ? { id, baseUrl, settings, apiKey: deps.apiKeyOf(id) ?? cloudKey(baseUrl, deps.env) }
      : undefined;
  }

  /** What config names already is not found a second time, nor does a found one take its name. */
  function found(): Found[] {
    const named = Object.keys(providers).map((id) => configured(id)?.baseUrl ?? "");
    return search
      .found()
      .filter(
        ({ id, baseUrl }) =>
          !Object.hasOwn(providers, id) && !named.some((url) => isSame(url, baseUrl)),
      );
  }

  return {
    ids: () => [...Object.keys(providers), ...found().map(({ id }) => id)],
    of(id: string): Address | undefined {
      const given = found().find((server) => server.id === id);
      const preset = presetNamed(id);
      const usual = preset.id === id ? defaultBaseUrl(preset) : undefined;
      return (
        configured(id) ??
        (given && { ...given, product: search.productOf(id) }) ??
        (usual !== undefined && deps.settings.mode === "merge"
          ? { id, baseUrl: usual, apiKey: cloudKey(usual, deps.env) }
          : undefined)
      );
    },
  };
}

/** A cloud's key from its environment variable: for that cloud's own host, over TLS, and for nobody else. */
function cloudKey(baseUrl: string, env: ServersDeps["env"]): string | undefined {
  if (!baseUrl.startsWith("https:")) return undefined;
  return presetAt(baseUrl)
    ?.keyEnv.map((name) => env[name])
    .find((value) => value);
}
