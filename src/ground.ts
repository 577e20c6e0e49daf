/**
 * The lower half of the composition: what everything else stands on. It is loaded and built first, and the
 * sandbox is attacked in a process of its own while the upper half (`app.ts`) is still being loaded.
 */

import { join } from "node:path";

import { agentSettings } from "./agent/settings.ts";
import { systemClock as clock } from "./base/clock.ts";
import { createLog } from "./base/log.ts";
import type { Config } from "./config/config.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { presetNamed } from "./models/presets.ts";
import { modelsSetting } from "./models/settings.ts";
import { keepCounters } from "./network/counters.ts";
import { createEgress } from "./network/guard.ts";
import { createLedger } from "./network/ledger.ts";
import type { Named } from "./network/named.ts";
import { toAllowedHost } from "./network/policy.ts";
import { networkSetting } from "./network/settings.ts";
import { pinsIn } from "./pins.ts";
import type { Doors } from "./process/doors.ts";
import type { Programs } from "./process/program.ts";
import { createPrograms } from "./process/programs.ts";
import { openReach } from "./reach.ts";
import { chooseSandbox } from "./sandbox/choose.ts";
import type { SandboxChoice } from "./sandbox/sandbox.ts";
import { sandboxSetting } from "./sandbox/settings.ts";
import { loadAppConfig } from "./settings.ts";
import { createStore } from "./store/sqlite.ts";
import { createWorkspace } from "./tools/workspace-folder.ts";
import { searchEngine } from "./web-tools.ts";

export type GroundOptions = {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  doors: Doors;
  /** False for a gateway that serves one command in this very process. */
  listen: boolean;
};

/** Takes what is to be closed at the end; what was built last is closed first. */
export type Closing = (closer: () => unknown) => void;

export type Ground = Awaited<ReturnType<typeof openGround>>;

/** Throws the fault that keeps it from starting; what was built by then is closed again. */
export async function openGround(options: GroundOptions) {
  const closers: (() => unknown)[] = [];
  const closing: Closing = (closer) => void closers.push(closer);
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const base = await buildBase(options, closing);
    return { ...base, ...(await buildWorkspace(base)), closing, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Base = Awaited<ReturnType<typeof buildBase>>;

/** State folder, config, log, ledger, mode, and the ways out. */
async function buildBase(options: GroundOptions, closing: Closing) {
  const { home, env, doors } = options;
  const { config, file: configFile } = await loadAppConfig(options);
  config.get(gatewaySettings); // a config that is not well must not make a state folder
  const store = await createStore({ folder: home, clock });
  closing(() => store.close());
  const logFile = join(home, "gateway.log");
  const log = createLog({ path: logFile });
  const ledgerPath = join(home, "ledger.jsonl");
  const ledger = createLedger({ path: ledgerPath, clock, log });
  closing(() => ledger.close());
  closing(keepCounters(ledger));
  const named = namedHosts(config, env);
  const stays = options.listen;
  const reach = await openReach({ config, named, store, ledger, log, closing, stays });
  const { mode, storedMode, link, saw } = reach;
  const hosts = named.flatMap(({ value, setting }) => toAllowedHost(value, setting) ?? []);
  const policy = () => ({ mode: mode.mode, cap: mode.cap, hosts });
  const pinOf = pinsIn(config);
  const egress = createEgress({ doors, policy, ledger, clock, saw, pinOf });
  closing(() => egress.close());
  mode.onChange(() => egress.recheck());
  const programs = createPrograms({ doors, ledger, path: env["PATH"] ?? "/usr/bin:/bin" });
  closing(() => programs.close());
  // prettier-ignore
  return { options, doors, config, configFile, store, log, logFile, ledger, ledgerPath, mode, storedMode, link, named, hosts, policy, pinOf, egress, programs };
}

/** Who may be contacted at all, as far as the mode reaches: what the config and OLLAMA_HOST name. */
function namedHosts(config: Config, env: GroundOptions["env"]): Named[] {
  const providers = Object.entries(config.get(modelsSetting).providers).map(([id, { baseUrl }]) => [
    baseUrl ?? presetNamed(id).url ?? "",
    `models.providers.${id}.baseUrl`,
  ]);
  // "anthropic/claude-…" names a cloud as well, where no provider says how to reach it.
  const { defaults, entries } = config.get(agentSettings);
  const chains = [defaults.model, ...Object.values(entries).map(({ model }) => model)];
  const clouds = chains
    .flatMap((chain) => [chain?.primary ?? "", ...(chain?.fallbacks ?? [])])
    .map((ref) => [presetNamed(ref.split("/")[0] ?? "").url ?? "", "agents.defaults.model"]);
  const others = config.get(networkSetting).allow.map((host) => [host, "network.allow"]);
  const named = [[env["OLLAMA_HOST"] ?? "", "OLLAMA_HOST"]];
  const search = [searchEngine(config), "tools.web.search"];
  return [...providers, ...clouds, ...others, ...named, search].flatMap(
    ([value = "", setting = ""]) => (value === "" ? [] : [{ value, setting }]),
  );
}

export const workspacePlace = ({ options: { home }, config, configFile }: Base) => ({
  folder: config.get(agentSettings).defaults.workspace ?? join(home, "workspace"),
  // The program itself is among what an agent must not rewrite.
  keepOut: [home, configFile, import.meta.dirname],
});

/** The workspace, and the sandbox: probed beside the rest of the start. */
async function buildWorkspace(base: Base) {
  const { options, config, log } = base;
  const { home } = options;
  const { folder, keepOut } = workspacePlace(base);
  const workspace = await createWorkspace(folder, keepOut);
  const settings = config.get(sandboxSetting);
  const { programs, started } = untilStarted(base.programs, PROBE_PROGRAMS);
  let choice: SandboxChoice = unprobed("its probe still runs", "Wait a moment and try again");
  /** Attacks the sandbox anew; what it finds holds from then on. */
  const look = async (signal: AbortSignal) => {
    choice = await chooseSandbox(
      { programs, settings, workspace: workspace.root, hidden: [home] },
      signal,
    );
    return choice;
  };
  const found = look(new AbortController().signal).catch((error: unknown) => {
    log.error({ err: error }, "the sandbox could not be probed");
    choice = unprobed("its probe failed", "Look at $ISOPOD_HOME/gateway.log");
  });
  // To load the upper half leaves no time for anything else: not before the attack runs by itself.
  await Promise.race([started, found]);
  return { workspace, sandbox: { found, look, now: () => choice } };
}

/** The attacker, and one that proves that the true workspace can be reached. */
const PROBE_PROGRAMS = 2;

/** The same programs, and a promise of the moment when so many were started. */
function untilStarted(programs: Programs, count: number) {
  const { promise: started, resolve } = Promise.withResolvers<void>();
  let left = count;
  const start: Programs["start"] = (program) => {
    left -= 1;
    if (left === 0) resolve();
    return programs.start(program);
  };
  return { programs: { ...programs, start }, started };
}

const unprobed = (reason: string, fix: string): SandboxChoice => ({
  ok: false,
  reason,
  fix,
  tried: [],
});
