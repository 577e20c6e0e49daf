/**
 * Looks for model servers on this machine: the default ports of the products, and `OLLAMA_HOST`. Each
 * port is asked what it is before anything else; no key is sent to what has not said so.
 */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Egress } from "../network/egress.ts";
import { identify } from "./fingerprint.ts";
import {
  allows,
  howToAllow,
  type Listener,
  type ListenerOf,
  placeOf,
  placeOfAddress,
} from "./locality.ts";
import { parseOllamaHost } from "./ollama-host.ts";
import { PRESETS, presetOf, type ProductId } from "./presets.ts";
import { placeBeforehand, type Limits } from "./reach.ts";

/** A server that answered and said what it is. */
export type Found = {
  /** The provider's id: the product's, with the port where it is not the first of its ports. */
  id: string;
  product: ProductId;
  baseUrl: string;
  /** From the product's environment variable, where the server is ours to give it to. */
  apiKey?: string | undefined;
};

export type Note = { code: string; text: string };
export type Discovered = { found: Found[]; notes: Note[] };

export type DiscoveryDeps = Limits & {
  egress: Egress;
  clock: Clock;
  listenerOf: ListenerOf;
  ownUid: number;
  env: Readonly<Record<string, string | undefined>>;
  /** The table's ports; tests pass their own. */
  targets?: readonly Target[] | undefined;
};

export type Target = { id: string; likely: ProductId; url: string; named: boolean };

/**
 * A refused connection costs a millisecond and a server that is awake a few; so long we wait for one that
 * is busy. What listens and never answers (some other program on 8000) holds up the start by so much.
 */
const PORT_TIMEOUT_MS = 400;
/** A person named it: it may be across a network, or waking up. */
const NAMED_TIMEOUT_MS = 3_000;

/** Throws the signal's reason only. Everything else is a note or silence. */
export async function discover(deps: DiscoveryDeps, signal: AbortSignal): Promise<Discovered> {
  const targets = deps.targets ?? toTargets(deps.env);
  const results = await Promise.all(targets.map((target) => look(target, deps, signal)));
  return {
    found: results.flatMap(({ found }) => found ?? []),
    notes: results.flatMap(({ note }) => note ?? []),
  };
}

/** Each port once, for the product that it is most likely to be. Pure. */
export function toTargets(env: DiscoveryDeps["env"]): Target[] {
  const host = parseOllamaHost(env["OLLAMA_HOST"]);
  const targets: Target[] = [];
  if (host !== undefined) targets.push({ id: "ollama", likely: "ollama", url: host, named: true });
  for (const { id: product, ports } of PRESETS) {
    for (const [index, port] of ports.entries()) {
      const url = `http://127.0.0.1:${port}`;
      if (targets.some((target) => isSame(target.url, url))) continue;
      // A host that was named takes the place of the default one.
      if (product === "ollama" && host !== undefined) continue;
      const id = index === 0 ? product : `${product}-${port}`;
      targets.push({ id, likely: product, url, named: false });
    }
  }
  return targets;
}

export const isSame = (a: string, b: string) => toKey(a) === toKey(b);

/** Two spellings of one address: `localhost` and 127.0.0.1, with and without `/v1`. */
function toKey(url: string): string {
  return url
    .replace(/\/+$/, "")
    .replace(/\/v1$/, "")
    .replace("//localhost", "//127.0.0.1")
    .toLowerCase();
}

type Looked = { found?: Found; note?: Note };

async function look(target: Target, deps: DiscoveryDeps, signal: AbortSignal): Promise<Looked> {
  const { id, url, likely, named } = target;
  const { locality, why } = placeBeforehand({ baseUrl: url });
  if (!allows(deps.mode(), locality)) {
    const how = howToAllow(locality, { provider: id, cap: deps.cap });
    return unusable(url, `it is ${locality}, ${why}; ${how}`);
  }
  const limitMs = named ? NAMED_TIMEOUT_MS : PORT_TIMEOUT_MS;
  try {
    return await within(limitMs, deps.clock, signal, async (signal) => {
      const apiKey = await keyFor(target, deps, signal);
      const { egress } = deps;
      const server = { id, baseUrl: url, egress, apiKey, headTimeoutMs: limitMs };
      const product = await identify(server, likely, signal);
      if (product === undefined) return named ? unusable(url, "it is no model server") : {};
      const own = product === likely ? id : idOn(product, url);
      return { found: { id: own, product, baseUrl: url + presetOf(product).path, apiKey } };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Fault) return named ? unusable(url, error.message) : {};
    throw error;
  }
}

/** A key goes only to a program of ours or of the system: on a free port anybody may listen. */
async function keyFor(target: Target, deps: DiscoveryDeps, signal: AbortSignal) {
  const { keyEnv } = presetOf(target.likely);
  const key = keyEnv.map((name) => deps.env[name]).find((value) => value);
  if (!key) return undefined;
  const listener = await listenerAt(target.url, deps, signal);
  const { locality } = placeOf({
    baseUrl: target.url,
    product: "ollama", // of any product that runs models itself: the listener is what is asked about
    listener,
    ownUid: deps.ownUid,
  });
  return locality === "device" ? key : undefined;
}

const unusable = (url: string, why: string): Looked => ({
  note: { code: "OLLAMA_HOST_UNUSABLE", text: `OLLAMA_HOST (${url}) is not used: ${why}` },
});

/** A product on another's port carries the port in its id, or its own id where that is unmistakable. */
function idOn(product: ProductId, url: string): string {
  const port = Number(URL.parse(url)?.port);
  return presetOf(product).ports[0] === port ? product : `${product}-${port}`;
}

/** Who has the port of a loopback address; undefined for any other address. */
export async function listenerAt(
  baseUrl: string,
  { listenerOf }: Pick<DiscoveryDeps, "listenerOf">,
  signal: AbortSignal,
): Promise<Listener | undefined> {
  const port = Number(URL.parse(baseUrl)?.port);
  const local = !baseUrl.startsWith("unix:") && placeOfAddress(baseUrl).locality === "device";
  return local && port > 0 ? listenerOf(port, signal) : undefined;
}

/** Runs `work` with a signal that also ends after `ms`; then throws `MODEL_TIMEOUT`. */
async function within<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  void clock.sleep(ms, over.signal).then(
    () =>
      late.abort(
        new Fault("MODEL_TIMEOUT", { provider: "it", what: "answer", seconds: ms / 1000 }),
      ),
    () => undefined, // the work was done in time
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    over.abort();
  }
}
