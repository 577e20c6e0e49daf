/** Composes what shares models with other devices, and what uses theirs: part of the composition root. */

import { homedir, hostname, networkInterfaces } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { Fault } from "./base/fault.ts";
import type { Config } from "./config/config.ts";
import { shareRoutes } from "./gateway/routes/share.ts";
import type { Ground } from "./ground.ts";
import { placeOfAddress } from "./models/locality.ts";
import { parseOllamaHost } from "./models/ollama-host.ts";
import { defaultBaseUrl, presetNamed, rootOf } from "./models/presets.ts";
import { modelsSetting, type ProviderSettings } from "./models/settings.ts";
import { createEgress } from "./network/guard.ts";
import { createListeners } from "./network/listen.ts";
import type { Check } from "./protocol/check.ts";
import type { Route } from "./protocol/route.ts";
import { copyModel } from "./relay/copy.ts";
import { createJoin } from "./relay/join.ts";
import { createStore } from "./relay/ollama-store.ts";
import { createRelay } from "./relay/relay.ts";
import { createShare, type Shareable } from "./relay/share.ts";
import { createShareChecks } from "./relay/checks.ts";

export type Sharing = { routes: Route[]; checks: Check[]; resume: () => Promise<void> };

export async function buildSharing(ground: Ground): Promise<Sharing> {
  const { closing, config, doors, egress, ledger, log, mode, options, store } = ground;
  const { home, env } = options;
  const values = (key: string) => ({
    get: () => store.values.get(key),
    set: (text: string) => store.values.set(key, text),
  });
  const files = createStore(ollamaFolder(env));
  const share = await createShare({
    keyFile: join(home, "share.key"),
    auditFile: join(home, "share.jsonl"),
    records: { devices: values("share.devices"), started: values("share.started") },
    listeners: createListeners({ doors, ledger, log }),
    clock,
    log,
    mode: () => mode.mode,
    addresses: ownAddresses,
    hostName: hostname().toLowerCase(),
    findServer: (id) => findServer(id, config, env),
    createRelay: (upstream) => createRelay({ upstream, egress, clock, mode: () => mode.mode }),
    store: files,
  });
  closing(() => share.close());
  // A gateway of one command serves nobody else.
  const resume = () => (options.listen ? share.resume() : Promise.resolve());
  mode.onChange(() => void resume());
  const joining = createJoin({
    secretsFolder: join(home, "secrets"),
    openEgress: (host, pinOf) => {
      const hosts = [{ host, setting: "isopod models add" }];
      return createEgress({
        doors,
        policy: () => ({ mode: mode.mode, hosts }),
        ledger,
        clock,
        pinOf,
      });
    },
  });
  const copy = ({ from, model }: { from: string; model: string }, signal: AbortSignal) =>
    copyModel(sourceOf(from, config), model, { egress, store: files, clock }, signal);
  return {
    routes: shareRoutes({ share, join: joining, copy, clock, log }),
    checks: createShareChecks({ status: share.status, addresses: ownAddresses }),
    resume,
  };
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ internal }) => !internal).map(({ address }) => address),
  );

/** Where Ollama keeps its models: as it is told, else its service's on Linux, else the user's own. */
function ollamaFolder(env: Ground["options"]["env"]): string {
  const service = "/usr/share/ollama/.ollama/models";
  const own = join(env["HOME"] ?? homedir(), ".ollama/models");
  return env["OLLAMA_MODELS"] || (!existsSync(own) && existsSync(service) ? service : own);
}

/** A server of this machine, by its id or as the only one. Asks nobody. Throws `SHARE_SERVER`. */
function findServer(
  wanted: string | undefined,
  config: Config,
  env: Ground["options"]["env"],
): Shareable {
  const { providers } = config.get(modelsSetting);
  const here = Object.keys(providers).filter((id) => isHere(addressOf(id, providers[id], env)));
  const known = here.join(", ") || "ollama, llamacpp, lmstudio, …";
  const refused = (detail: string) => new Fault("SHARE_SERVER", { detail, known });
  if (wanted === undefined && here.length > 1) throw refused("this machine has several");
  const id = wanted ?? here[0] ?? "ollama";
  const settings = Object.hasOwn(providers, id) ? providers[id] : undefined;
  const baseUrl = addressOf(id, settings, env);
  if (baseUrl === undefined) throw refused(`"${id}" has no address`);
  if (!isHere(baseUrl)) throw refused(`"${id}" is on another machine; share it there`);
  const isOllama = settings?.api === "ollama" || presetNamed(id).id === "ollama";
  const key = typeof settings?.apiKey === "string" && settings.apiKey;
  return {
    id,
    upstream: {
      product: isOllama ? "ollama" : "openai",
      baseUrl: rootOf(baseUrl),
      headers: { ...(key && { authorization: `Bearer ${key}` }), ...settings?.headers },
    },
  };
}

function addressOf(
  id: string,
  settings: ProviderSettings | undefined,
  env: Ground["options"]["env"],
): string | undefined {
  if (settings?.api === "embedded") return undefined;
  const preset = presetNamed(id);
  const told = preset.id === "ollama" ? parseOllamaHost(env["OLLAMA_HOST"]) : undefined;
  return settings?.baseUrl ?? told ?? defaultBaseUrl(preset);
}

const isHere = (baseUrl: string | undefined) =>
  baseUrl !== undefined && placeOfAddress(baseUrl).locality === "device";

/** A provider that stands for another device. Throws `NOT_FOUND`. */
function sourceOf(id: string, config: Config) {
  const { providers } = config.get(modelsSetting);
  const settings = Object.hasOwn(providers, id) ? providers[id] : undefined;
  const { baseUrl, pin, apiKey } = settings ?? {};
  if (baseUrl === undefined || pin === undefined || typeof apiKey !== "string") {
    const instead = "Pair with it first: isopod models add <link>";
    throw new Fault("NOT_FOUND", { what: "shared device", id, instead });
  }
  return { id, url: rootOf(baseUrl), headers: { authorization: `Bearer ${apiKey}` } };
}
