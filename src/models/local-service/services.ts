/**
 * The model servers that config tells the gateway to start. None is started before a person has approved
 * its command line on this machine: a config file alone must not be able to run programs.
 */

import { join, resolve } from "node:path";

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Egress } from "../../network/egress.ts";
import type { Programs } from "../../process/program.ts";
import type { ServiceReport } from "../../protocol/local-service.ts";
import { defaultBaseUrl, presetNamed } from "../presets.ts";
import type { ModelsSettings } from "../settings.ts";
import {
  type CanConfine,
  hashOf,
  type ServiceCommand,
  type ServiceOf,
  toCommand,
} from "./command.ts";
import { createIsUp } from "./is-up.ts";
import { createLocalServer, type LocalServer } from "./local-server.ts";
import { createServiceLog, type ServiceLog } from "./service-log.ts";
import { findWritable } from "./writable.ts";

/** What the router needs of them. */
export interface LocalServices {
  /**
   * Resolves once the server of this provider answers, starting it where config says how; at once where
   * config says nothing. Throws `MODEL_SERVICE_UNAPPROVED`, `MODEL_SERVICE_WRITABLE`, `MODEL_SERVICE_FAILED`,
   * `PROGRAM_MISSING`, or the signal's reason.
   */
  ensure(
    id: string,
    onWait: ((text: string) => void) | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** A chat goes out. Call what it returns when it is over: a server in use is not idle. */
  use(id: string): () => void;
  /** Hears of each server that ended. One listener. */
  onEnd(listener: (id: string) => void): void;
}

/** And what people ask of them. */
export interface LocalServicesOwner extends LocalServices {
  list(): Promise<ServiceReport[]>;
  /** Throws `MODEL_SERVICE_CHANGED` where the command line is not the one that was shown. */
  approve(id: string, hash: string): Promise<ServiceReport>;
  stop(id: string): Promise<ServiceReport>;
  close(): Promise<void>;
}

export type LocalServicesDeps = CanConfine & {
  settings: ModelsSettings;
  programs: Pick<Programs, "start">;
  egress: Egress;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  /** Where their logs go. */
  folder: string;
  /** Where agents may write: nothing of what is started may lie in it. */
  workspaces: readonly string[];
  /** Kept on this machine, outside of the config. */
  approvals: {
    get(id: string): Promise<string | undefined>;
    set(id: string, hash: string): Promise<void>;
  };
};

type Service = { command: ServiceCommand; hash: string; server: LocalServer; log: ServiceLog };

export function createLocalServices(deps: LocalServicesDeps): LocalServicesOwner {
  const services = new Map<string, Service>();
  let ended: (id: string) => void = () => {};

  const ids = () =>
    Object.entries(deps.settings.providers).flatMap(([id, { localService }]) =>
      localService ? [id] : [],
    );

  /**
   * Undefined for a provider without one. Throws `MODEL_SERVICE_FAILED` for one that cannot be meant, and
   * `MODEL_SERVICE_WRITABLE`.
   */
  function of(id: string): Service | undefined {
    const known = services.get(id);
    if (known) return known;
    const provider = Object.hasOwn(deps.settings.providers, id)
      ? deps.settings.providers[id]
      : undefined;
    if (!provider?.localService) return undefined;
    const baseUrl = provider.baseUrl ?? defaultBaseUrl(presetNamed(id)) ?? "";
    const { localService: service, api } = provider;
    const { command, whole } = commandOf({ id, baseUrl, api, service }, deps);
    const log = createServiceLog(join(deps.folder, `${id}.log`));
    const server = createLocalServer({
      ...deps,
      id,
      log,
      command: whole,
      limits: service,
      isUp: createIsUp(baseUrl, deps.egress),
      onEnd: () => ended(id),
    });
    const made = { command, hash: hashOf(command), server, log };
    services.set(id, made);
    return made;
  }

  function wanted(id: string): Service {
    const service = of(id);
    if (!service) throw new Fault("NOT_FOUND", { what: "local service", id, instead: LISTED_BY });
    return service;
  }

  async function report(id: string): Promise<ServiceReport> {
    const { command, hash, server, log } = wanted(id);
    const approved = (await deps.approvals.get(id)) === hash;
    const { state, pid } = server;
    const line = { command: command.command, args: command.args, env: command.env };
    return {
      id,
      ...line,
      ...(command.cwd !== undefined && { cwd: command.cwd }),
      network: command.network,
      hash,
      approved,
      state,
      ...(pid !== undefined && { pid }),
      log: log.path,
      last: log.last(),
    };
  }

  return {
    async ensure(id, onWait, signal) {
      const service = of(id);
      if (!service) return;
      if ((await deps.approvals.get(id)) !== service.hash) {
        throw new Fault("MODEL_SERVICE_UNAPPROVED", { provider: id });
      }
      await service.server.ensure(onWait, signal);
    },
    use: (id) => services.get(id)?.server.use() ?? (() => {}),
    onEnd: (listener) => (ended = listener),
    list: () => Promise.all(ids().map(report)),
    async approve(id, hash) {
      if (wanted(id).hash !== hash) throw new Fault("MODEL_SERVICE_CHANGED", { provider: id });
      await deps.approvals.set(id, hash);
      return report(id);
    },
    async stop(id) {
      await wanted(id).server.stop();
      return report(id);
    },
    async close() {
      await Promise.all(Array.from(services.values(), ({ server }) => server.stop()));
    },
  };
}

const LISTED_BY = "See what the config names with `isopod models service status`";

/** As it is approved, and with what it gets of our environment. */
function commandOf(of: ServiceOf, deps: LocalServicesDeps) {
  const { env, workspaces } = deps;
  const given = toCommand(of, deps);
  // Home without a folder of its own: `python -m` imports from where it stands, and where the gateway stands
  // may be anybody's.
  const command = { ...given, cwd: resolve(env["HOME"] ?? "/", given.cwd ?? "") };
  const whole = { ...command, env: { ...passedOn(env), ...command.env } };
  for (const workspace of workspaces) {
    const word = findWritable(whole, workspace);
    if (word !== undefined) {
      throw new Fault("MODEL_SERVICE_WRITABLE", { provider: of.id, word, workspace });
    }
  }
  return { command, whole };
}

/** What a model server needs of the environment to find itself, its weights and the graphics card. */
const PASSED_ON =
  `HOME PATH USER LANG LD_LIBRARY_PATH DYLD_LIBRARY_PATH TMPDIR CUDA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES
  HSA_OVERRIDE_GFX_VERSION OLLAMA_MODELS HF_HOME`.split(/\s+/);

const passedOn = (env: LocalServicesDeps["env"]): Record<string, string> =>
  Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
