/** What `isopod egress` reads of a gateway: part of the composition root, beside `app.ts`. */

import type { Ground } from "./ground.ts";
import { toTargets } from "./models/discovery.ts";
import { modelsSetting } from "./models/settings.ts";
import { toAllowedHost } from "./network/policy.ts";
import { type Reached, reportPolicy } from "./network/policy-report.ts";
import { toolsSetting } from "./tools/web/settings.ts";
import type { EgressPolicy } from "./protocol/egress.ts";

export function buildEgressPolicy(ground: Ground): () => EgressPolicy {
  const { hosts, mode } = ground;
  const reached = [...namedHosts(ground), ...web(ground), ...lookedAt(ground), ...programs(ground)];
  return () => reportPolicy({ mode: mode.mode, hosts }, { cap: mode.cap, reached });
}

function namedHosts({ hosts, config }: Ground): Reached[] {
  const { providers } = config.get(modelsSetting);
  const sockets = Object.entries(providers).flatMap(([id, { baseUrl }]) =>
    baseUrl?.startsWith("unix:")
      ? [
          {
            host: baseUrl.split(":").slice(0, 2).join(":"),
            setting: `models.providers.${id}.baseUrl`,
          },
        ]
      : [],
  );
  const all = [...hosts, ...sockets];
  return all.map((named) => ({ ...named, feature: featureOf(named.setting) }));
}

/** A setting belongs to one feature, by the beginning of its path. */
function featureOf(setting: string): string {
  if (setting.startsWith("models.providers.")) return "models: chat, embeddings, loading";
  if (setting.startsWith("agents.")) return "models: chat in the cloud";
  if (setting === "OLLAMA_HOST") return "models: discovery, and what it finds";
  if (setting === "tools.web.search") return "tools: web_search";
  return "web_fetch without a question, and whatever else asks for it by this name";
}

/** Pages that a model wants to read: public addresses alone, each site after a person's word. */
function web({ config }: Ground): Reached[] {
  const { enabled } = config.get(toolsSetting).web.fetch;
  const host = "public sites that a person agrees to";
  const setting = "tools.web.fetch.enabled";
  return enabled ? [{ host, setting, feature: "tools: web_fetch", only: "internet" }] : [];
}

/** Discovery asks the usual ports of this machine; with `models.mode: "replace"` it does not. */
function lookedAt({ config, options }: Ground): Reached[] {
  const { mode } = config.get(modelsSetting);
  if (mode === "replace") return [];
  const targets = toTargets(options.env).filter(({ named }) => !named);
  const ports = targets.map(({ url }) => new URL(url).port).join(", ");
  const host = toAllowedHost("127.0.0.1", "built in");
  return host ? [{ ...host, feature: `models: discovery on ports ${ports}` }] : [];
}

/** Programs that are given the network of this machine; the guard does not see what they send. */
function programs({ config }: Ground): Reached[] {
  const { providers } = config.get(modelsSetting);
  const services = Object.entries(providers).flatMap(([id, { localService }]) =>
    localService
      ? [
          {
            host: "unix:the program's own command line",
            setting: `models.providers.${id}.localService`,
            feature: "models: a server that Isopod starts, confined where the system can",
          },
        ]
      : [],
  );
  const npm = "models: `isopod models engine install`, by npm; nothing before a person types it";
  return [
    ...services,
    { host: "registry.npmjs.org", setting: "built in", feature: npm, only: "internet" },
  ];
}
