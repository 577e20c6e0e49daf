/** What `doctor` looks at in the models: each row of the usual troubleshooting tables, in order of cause. */

import { Fault } from "../base/fault.ts";
import type { ModelList } from "../protocol/api.ts";
import type { Check, Result } from "../protocol/check.ts";
import type { Candidate, Models } from "./candidate.ts";
import { LEAST_CONTEXT } from "./context.ts";
import { placeOfAddress } from "./locality.ts";
import type { ModelsSettings } from "./settings.ts";

export type ModelCheckDeps = {
  models: Models;
  settings: ModelsSettings;
  /** `agents.defaults.model`. */
  chain: { primary?: string | undefined; fallbacks: readonly string[] };
};

export function createModelChecks(deps: ModelCheckDeps): Check[] {
  const seen = createView(deps.models);
  return [
    reachable(seen),
    present(deps, seen),
    tools(seen),
    context(deps, seen),
    native(deps),
    inCloud(deps, seen),
  ];
}

type View = {
  /** Asks all servers. */
  look(signal: AbortSignal): Promise<ModelList>;
  /** What they said last. */
  last(signal: AbortSignal): Promise<ModelList>;
  /** Who answers, or what keeps everybody from it. */
  first(signal: AbortSignal): Promise<Candidate | Fault>;
};

/** The servers are asked once for all checks: each depends on the first one, which asks. */
function createView(models: Models): View {
  let list: ModelList | undefined;
  const look = async (signal: AbortSignal) => (list = await models.list(signal));
  return {
    look,
    last: async (signal) => list ?? look(signal),
    async first(signal) {
      try {
        const [candidate] = await models.route({}, signal);
        return candidate ?? new Fault("MODEL_NONE", { why: "the route is empty" });
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        return error;
      }
    },
  };
}

const REACHABLE = "models.reachable";

const reachable = (view: View): Check => ({
  code: REACHABLE,
  title: "Model servers answer",
  dependsOn: [],
  async run(signal) {
    const { faults, models } = await view.look(signal);
    const [fault] = faults;
    // Another server may do the work; what config names and does not answer is a defect all the same.
    if (fault) return { state: models.some(isReal) ? "warning" : "failed", fault };
    const servers = new Set(models.filter(isReal).map(({ provider }) => provider));
    if (servers.size > 0) return ok(`${[...servers].join(", ")}: ${models.length} models`);
    const first = await view.first(signal);
    if (first instanceof Fault) return failed(first);
    return warning(new Fault("MODEL_ONLY_DEMONSTRATION", { why: first.why }));
  },
});

const isReal = ({ demonstration }: ModelList["models"][number]) => !demonstration;

const present = ({ models, chain }: ModelCheckDeps, view: View): Check => ({
  code: "models.present",
  title: "The configured models are there and may be used",
  dependsOn: [REACHABLE],
  async run(signal) {
    const first = await view.first(signal);
    if (first instanceof Fault) return failed(first);
    const named = [chain.primary, ...chain.fallbacks].filter((ref) => ref !== undefined);
    for (const ref of named) {
      try {
        await models.route({ picked: ref }, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        return warning(error);
      }
    }
    return ok(`"${first.ref}" answers: ${first.why}`);
  },
});

const tools = (view: View): Check => ({
  code: "models.tools",
  title: "The model can call tools",
  dependsOn: ["models.present"],
  async run(signal) {
    const first = await view.first(signal);
    if (first instanceof Fault) return failed(first);
    if (!first.tools) return warning(new Fault("MODEL_WITHOUT_TOOLS", { ref: first.ref }));
    const said = first.model.tools === true ? "its server says so" : "its server does not say";
    return ok(`"${first.ref}" is given tools; ${said}`);
  },
});

const context = ({ settings }: ModelCheckDeps, view: View): Check => ({
  code: "models.context",
  title: "The context is what was configured, and enough",
  dependsOn: ["models.present"],
  async run(signal) {
    const { models } = await view.last(signal);
    for (const { ref, provider, contextTokens: served } of models) {
      const configured = wishFor(settings, provider, ref.slice(provider.length + 1));
      if (configured === undefined || served === undefined || configured <= served) continue;
      return warning(new Fault("MODEL_CONTEXT_SMALLER", { ref, configured, served }));
    }
    const first = await view.first(signal);
    if (first instanceof Fault) return failed(first);
    const { ref, contextTokens } = first;
    if (contextTokens >= LEAST_CONTEXT || first.demonstration) {
      return ok(`"${ref}" works with ${contextTokens} tokens`);
    }
    return warning(new Fault("MODEL_CONTEXT_TIGHT", { ref, contextTokens, least: LEAST_CONTEXT }));
  },
});

function wishFor({ providers }: ModelsSettings, provider: string, model: string) {
  const settings = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  return settings && Object.hasOwn(settings.models, model)
    ? settings.models[model]?.contextWindow
    : undefined;
}

const native = ({ models }: ModelCheckDeps): Check => ({
  code: "models.native",
  title: "Ollama is spoken natively",
  dependsOn: [REACHABLE],
  async run() {
    const note = models.notes().find(({ code }) => code === "MODEL_V1_REWRITTEN");
    if (!note) return ok("no Ollama is configured by its /v1 address");
    const fix = "Correct its api and baseUrl in the config, so that it says what is done";
    return { state: "warning", fault: { code: note.code, message: note.text, fix } };
  },
});

const inCloud = ({ chain, settings }: ModelCheckDeps, view: View): Check => ({
  code: "models.cloud",
  title: "No model of the cloud stands behind a local address",
  dependsOn: ["models.present"],
  async run(signal) {
    const { models, current } = await view.last(signal);
    const named = new Set([current, chain.primary, ...chain.fallbacks]);
    const hidden = models.find(
      ({ ref, locality, provider }) =>
        named.has(ref) && locality === "cloud" && looksLocal(settings, provider),
    );
    if (hidden) return warning(new Fault("MODEL_IN_CLOUD", { ref: hidden.ref }));
    return ok("what answers from a local address runs here");
  },
});

/** A provider that config does not name was found on this machine. */
function looksLocal({ providers }: ModelsSettings, provider: string): boolean {
  const baseUrl = Object.hasOwn(providers, provider) ? providers[provider]?.baseUrl : undefined;
  return baseUrl === undefined || placeOfAddress(baseUrl).locality === "device";
}

const ok = (detail: string): Result => ({ state: "ok", detail });
const warning = (fault: Fault): Result => ({ state: "warning", fault: fault.toJSON() });
const failed = (fault: Fault): Result => ({ state: "failed", fault: fault.toJSON() });
