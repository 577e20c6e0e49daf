/**
 * How a model server is started: the product's own words, the user's arguments, and where it is to listen.
 * Pure. What it comes to is approved by a person, by its hash.
 */

import { createHash } from "node:crypto";

import { Fault } from "../../base/fault.ts";
import { placeOfAddress } from "../locality.ts";
import { presetNamed, type ProductId } from "../presets.ts";
import type { LocalService } from "./settings.ts";

export type ServiceCommand = {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string | undefined;
  /** "none" for one behind a Unix socket: it needs no network, so it gets none. */
  network: "none" | "host";
};

export type ServiceOf = {
  id: string;
  baseUrl: string;
  api?: string | undefined;
  service: LocalService;
};

/** Whether bubblewrap can take the network from a program here. */
export type CanConfine = { canConfine: boolean };

type Start = {
  command: string;
  /** Before the user's arguments. */
  args: readonly string[];
  listen(at: Listen): { args?: string[]; env?: Record<string, string> };
};
type Listen = { socket: string } | { socket?: undefined; host: string; port: string };

const hostAndPort = (at: Listen) =>
  at.socket === undefined
    ? { args: ["--host", at.host, "--port", at.port] }
    : { args: ["--host", at.socket] };

const STARTS: Partial<Record<ProductId, Start>> = {
  ollama: {
    command: "ollama",
    args: ["serve"],
    listen: (at) => ({
      env: at.socket === undefined ? { OLLAMA_HOST: `${at.host}:${at.port}` } : {},
    }),
  },
  // It takes a path that ends in .sock for a host.
  llamacpp: { command: "llama-server", args: [], listen: hostAndPort },
  vllm: {
    command: "vllm",
    args: ["serve"],
    listen: (at) => (at.socket === undefined ? hostAndPort(at) : { args: ["--uds", at.socket] }),
  },
  sglang: { command: "python3", args: ["-m", "sglang.launch_server"], listen: hostAndPort },
  mlx: { command: "mlx_lm.server", args: [], listen: hostAndPort },
};

/** Any other program is started exactly as the user says. */
const AS_IT_IS: Start = { command: "", args: [], listen: () => ({}) };

/** Nothing of these asks the network for anything by itself; the user's own `env` wins. */
const QUIET: Record<string, string> = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  VLLM_NO_USAGE_STATS: "1",
  DO_NOT_TRACK: "1",
  OLLAMA_NO_CLOUD: "1",
};

/** Throws `MODEL_SERVICE_FAILED` for what could not be meant. */
export function toCommand(of: ServiceOf, { canConfine }: CanConfine): ServiceCommand {
  const { id, service, baseUrl } = of;
  const product = of.api === "ollama" ? "ollama" : presetNamed(id).id;
  const start = STARTS[product] ?? AS_IT_IS;
  const command = service.command ?? start.command;
  if (command === "") throw failed(id, "config names no program: set localService.command");
  if (placeOfAddress(baseUrl).locality !== "device") {
    throw failed(
      id,
      `"${baseUrl}" is not on this machine, so starting something here does not help`,
    );
  }
  const at = toListen(baseUrl);
  const own = service.args.some((arg) => LISTENS.test(arg)) ? {} : start.listen(at);
  // Where the user names the whole program, its first words are the user's as well.
  const first = service.command === undefined || product === "ollama" ? start.args : [];
  const isGiven = first.every((word, index) => service.args[index] === word);
  const args = [...(isGiven ? [] : first), ...service.args, ...(own.args ?? [])];
  const env = {
    ...QUIET,
    ...(product === "ollama" && ollamaEnv(service)),
    ...own.env,
    ...service.env,
  };
  const alone = at.socket !== undefined && canConfine;
  return {
    ...(alone
      ? { command: "bwrap", args: [...WITHOUT_NETWORK, command, ...args] }
      : { command, args }),
    env,
    cwd: service.cwd,
    network: alone ? "none" : "host",
  };
}

const LISTENS = /^--?(host|port|uds|unix-socket)(=|$)/;

/** All of the machine but its network: the weights and the graphics card may be anywhere. */
const WITHOUT_NETWORK = ["--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--"];

function ollamaEnv({ keepAlive, parallel, maxLoadedModels }: LocalService): Record<string, string> {
  return {
    ...(keepAlive !== undefined && { OLLAMA_KEEP_ALIVE: String(keepAlive) }),
    ...(parallel !== undefined && { OLLAMA_NUM_PARALLEL: String(parallel) }),
    ...(maxLoadedModels !== undefined && { OLLAMA_MAX_LOADED_MODELS: String(maxLoadedModels) }),
  };
}

function toListen(baseUrl: string): Listen {
  if (baseUrl.startsWith("unix:")) {
    return { socket: baseUrl.slice("unix:".length).split(":")[0] ?? "" };
  }
  const { hostname, port, protocol } = new URL(baseUrl);
  const host = hostname === "localhost" ? "127.0.0.1" : hostname.replace(/^\[|\]$/g, "");
  return { host, port: port || (protocol === "https:" ? "443" : "80") };
}

/** What is approved: every word that decides what runs. */
export function hashOf({ command, args, env, cwd = "", network }: ServiceCommand): string {
  const sorted = Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([command, args, sorted, cwd, network]);
  return createHash("sha256").update(text).digest("hex");
}

const failed = (provider: string, detail: string) =>
  new Fault("MODEL_SERVICE_FAILED", { provider, detail, log: "" });
