/** What `doctor` looks at in how model servers of this machine were started. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Check } from "../../protocol/check.ts";
import type { Models } from "../candidate.ts";
import type { Kept } from "../keeping/keeping.ts";
import { placeOfAddress } from "../locality.ts";
import type { ProductId } from "../presets.ts";
import { type ModelsSettings } from "../settings.ts";
import { adviseOllama } from "./ollama-settings.ts";

export type AdviceDeps = {
  models: Pick<Models, "keeping" | "list">;
  settings: ModelsSettings;
  /** All models that config gives work to: primary, fallbacks, heartbeats, agents. */
  named: readonly string[];
  /** Where a port listens beyond loopback. */
  exposureOf: (port: number) => Promise<string[]>;
  /** The process that holds a port, where it can be told. */
  ownerOf: (port: number, signal: AbortSignal) => Promise<{ pid?: number | undefined } | undefined>;
  memoryBytes: number;
  /** `/proc`, unless a test has its own. */
  proc?: string;
};

export const createAdviceChecks = (deps: AdviceDeps): Check[] => [exposed(deps), ollama(deps)];

const exposed = ({ models, exposureOf }: AdviceDeps): Check => ({
  code: "models.exposed",
  title: "Model servers listen for this machine only",
  dependsOn: ["models.reachable"],
  async run(signal) {
    const servers = (await models.keeping.servers(signal)).filter(isHere);
    for (const { id, product, baseUrl } of servers) {
      const [where] = await exposureOf(portOf(baseUrl));
      if (where === undefined) continue;
      const instead = INSTEAD[product] ?? "Start it so that it listens on 127.0.0.1";
      const fault = new Fault("MODEL_SERVER_EXPOSED", { provider: id, where, instead });
      return { state: "warning", fault: fault.toJSON() };
    }
    const known = new Set(servers.map(({ baseUrl }) => portOf(baseUrl)));
    for (const [port, product] of DISTINCT_PORTS) {
      // One that listens on the network alone answers on no loopback, and was not found.
      const [where] = known.has(port) ? [] : await exposureOf(port);
      if (where === undefined) continue;
      const instead = INSTEAD[product] ?? "Start it so that it listens on 127.0.0.1";
      const fault = new Fault("MODEL_SERVER_EXPOSED", { provider: product, where, instead });
      return { state: "warning", fault: fault.toJSON() };
    }
    const names = servers.map(({ id }) => id).join(", ") || "none runs here";
    return { state: "ok", detail: names };
  },
});

/** Ports that are one product's; 8000 and 8080 may be anybody's. */
const DISTINCT_PORTS: readonly (readonly [number, ProductId])[] = [
  [11_434, "ollama"],
  [1_234, "lmstudio"],
  [30_000, "sglang"],
  [9_931, "llamacpp"],
];

const INSTEAD: Partial<Record<ProductId, string>> = {
  ollama:
    "Set OLLAMA_HOST=127.0.0.1 where Ollama is started (`ollama serve` has no --host), and start it again; other devices get in with `isopod share start`",
  lmstudio: 'Turn off "Serve on Local Network" in LM Studio\'s server settings',
  llamacpp: "Start it with `--host 127.0.0.1`, or with an `--api-key`",
  vllm: "Start it with `--host 127.0.0.1`, or with an `--api-key`",
  sglang: "Start it with `--host 127.0.0.1`, or with an `--api-key`",
};

const ollama = (deps: AdviceDeps): Check => ({
  code: "models.ollama",
  title: "Ollama's own settings suit what it is used for",
  dependsOn: ["models.reachable"],
  async run(signal) {
    const servers = await deps.models.keeping.servers(signal);
    const own = servers.filter((server) => server.product === "ollama" && isHere(server));
    const silent: string[] = [];
    for (const server of own) {
      const env = await readEnvironment(server, deps, signal);
      if (!env) silent.push(server.id);
      const [fault] = adviseOllama({ ...(await see(server, deps, signal)), env });
      if (fault) return { state: "warning", fault: fault.toJSON() };
    }
    if (own.length === 0) return { state: "ok", detail: "no Ollama runs on this machine" };
    const unread = `; how ${silent.join(", ")} was started is not for this user to read`;
    return { state: "ok", detail: `nothing to change${silent.length > 0 ? unread : ""}` };
  },
});

async function see(
  server: Kept,
  { models, settings, named, memoryBytes }: AdviceDeps,
  signal: AbortSignal,
) {
  const list = await models.list(signal);
  const own = list.models.filter(
    ({ ref, provider }) => provider === server.id && isNamed(ref, named),
  );
  const given = Object.hasOwn(settings.providers, server.id)
    ? settings.providers[server.id]
    : undefined;
  const params = [
    given?.params,
    ...Object.values(given?.models ?? {}).map((model) => model.params),
  ];
  return {
    provider: server.id,
    loaded: server.loaded,
    named: own.map(({ ref, sizeBytes }) => ({ ref, sizeBytes })),
    sendsKeepAlive: params.some((one) => one?.["keep_alive"] !== undefined),
    memoryBytes,
  };
}

/** Config may leave out the tag that Ollama takes for granted. */
const isNamed = (ref: string, named: readonly string[]) =>
  named.some((name) => name === ref || `${name}:latest` === ref);

/** Only of one's own programs, unless one is root: then nothing is said that was not read. */
async function readEnvironment(
  { baseUrl }: Kept,
  { ownerOf, proc = "/proc" }: AdviceDeps,
  signal: AbortSignal,
): Promise<Record<string, string> | undefined> {
  const pid = (await ownerOf(portOf(baseUrl), signal))?.pid;
  if (pid === undefined) return undefined;
  try {
    const text = await readFile(join(proc, String(pid), "environ"), "utf8");
    const pairs = text.split("\0").map((line) => line.split(/=(.*)/s, 2));
    // What else stands there (keys, tokens) is nobody's business here.
    return Object.fromEntries(pairs.filter(([name]) => name?.startsWith("OLLAMA_")));
  } catch {
    return undefined; // another user's, or it has ended by now
  }
}

const isHere = ({ baseUrl, locality }: Kept) =>
  locality !== "embedded" &&
  !baseUrl.startsWith("unix:") &&
  placeOfAddress(baseUrl).locality === "device";

function portOf(baseUrl: string): number {
  const url = URL.parse(baseUrl);
  return Number(url?.port || (url?.protocol === "https:" ? 443 : 80));
}
