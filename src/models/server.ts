/** Opens one model server: asks it what it is, finds its dialect, and proves where it runs. */

import { Fault } from "../base/fault.ts";
import type { Egress } from "../network/egress.ts";
import type { Dialect, Dialects } from "./dialect.ts";
import { listenerAt, type Note } from "./discovery.ts";
import { identify } from "./fingerprint.ts";
import { type ListenerOf, type Place, placeOf } from "./locality.ts";
import { presetAt, presetNamed, presetOf, type ProductId, rootOf } from "./presets.ts";
import type { Provider } from "./provider.ts";
import { readSlots } from "./queue/slots.ts";
import type { Compat, ModelSettings, ProviderSettings } from "./settings.ts";

/** A server that was reached and said what it is. */
export type Server = {
  id: string;
  product: ProductId;
  provider: Provider;
  place: Place;
  /** Whether it takes the context size with each request. */
  settable: boolean;
  settings: ProviderSettings | undefined;
  /** How many requests it works on at once, where it says so. */
  slots?: number | undefined;
};

/** What is known of a server before it is asked. */
export type Address = {
  id: string;
  baseUrl: string;
  settings?: ProviderSettings | undefined;
  apiKey?: string | undefined;
  /** Where it has said so just now. */
  product?: ProductId | undefined;
};

export type ConnectDeps = {
  dialects: Dialects;
  egress: Egress;
  newCallId: () => string;
  listenerOf: ListenerOf;
  ownUid: number;
  note: (note: Note) => void;
};

/** Throws `MODEL_UNREACHABLE`, `MODEL_DIALECT_UNKNOWN`, `EGRESS_BLOCKED` or the signal's reason. */
export async function connect(
  address: Address,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<Server> {
  const { id, settings, apiKey } = address;
  const { egress, newCallId } = deps;
  const options = { id, egress, apiKey, headers: settings?.headers };
  const root = rootOf(address.baseUrl);
  const likely = settings?.api === "ollama" ? "ollama" : presetNamed(id).id;
  const known = address.product ?? presetAt(root)?.id;
  const product =
    known ?? (await identify({ ...options, baseUrl: root }, likely, signal)) ?? "custom";
  const { dialect, baseUrl } = chooseDialect(address, product, deps);
  const compatOf = (model: string): Compat => ({
    ...settings?.compat,
    ...settingsOf(settings, model)?.compat,
  });
  const headersOf = (model: string) => settingsOf(settings, model)?.headers;
  const provider = dialect({ ...options, headersOf, baseUrl, newCallId, product, compatOf });
  const [place, slots] = await Promise.all([
    prove({ baseUrl, product, settings }, deps, signal),
    readSlots(product, { ...options, baseUrl }, signal),
  ]);
  return { id, product, provider, place, settable: product === "ollama", settings, slots };
}

/** Where it runs, as far as can be proved now: a port may change hands. */
export async function prove(
  of: { baseUrl: string; product: ProductId; settings: ProviderSettings | undefined },
  deps: Pick<ConnectDeps, "listenerOf" | "ownUid">,
  signal: AbortSignal,
): Promise<Place> {
  const { baseUrl, product } = of;
  const declared = of.settings?.locality;
  const listener = declared ? undefined : await listenerAt(baseUrl, deps, signal);
  return placeOf({ baseUrl, product, listener, ownUid: deps.ownUid, declared });
}

/** Which dialect it is spoken to in, and where. Notes what differs from config. */
function chooseDialect(
  { id, baseUrl, settings }: Address,
  product: ProductId,
  { dialects, note }: ConnectDeps,
): { dialect: Dialect; baseUrl: string } {
  const wanted = settings?.api ?? presetOf(product).api;
  if (product === "ollama") {
    const url = rootOf(baseUrl);
    if (wanted !== "ollama") note(toNote(new Fault("MODEL_V1_REWRITTEN", { provider: id, url })));
    return { dialect: dialects.ollama, baseUrl: url };
  }
  const dialect = Object.hasOwn(dialects, wanted) ? dialects[wanted] : undefined;
  if (dialect) return { dialect, baseUrl: wanted === "ollama" ? rootOf(baseUrl) : baseUrl };
  const allowed = Object.keys(dialects);
  throw new Fault("MODEL_DIALECT_UNKNOWN", { provider: id, api: wanted, allowed });
}

const toNote = ({ code, message, fix }: Fault): Note => ({ code, text: `${message}. ${fix}` });

/** What config says of one model. A key such as "__proto__" says nothing. */
export const settingsOf = (
  provider: ProviderSettings | undefined,
  model: string,
): ModelSettings | undefined =>
  provider && Object.hasOwn(provider.models, model) ? provider.models[model] : undefined;
