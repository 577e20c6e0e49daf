/**
 * The two tables of "offline mode", computed for one config: what works without the internet and on what condition,
 * and what does not, why, and what to do instead. Pure.
 */

import type { Locality, Mode } from "../../protocol/event.ts";
import type { PlanItem } from "../plan.ts";
import type { NeededModel } from "../kinds/needed.ts";

export type Works = "yes" | "partly" | "no";

export type Feature = {
  /** Stable, such as "models". */
  id: string;
  feature: string;
  works: Works;
  /** The condition, or the reason. */
  why: string;
  /** What to do instead, where it does not work. */
  alternative?: string;
};

/** What a running gateway saw of the world; without one, config and files alone are looked at. */
export type Live = {
  mode: Mode;
  model: { ref: string; locality: Locality } | null;
  sandbox: { ok: boolean; name: string; reason?: string };
  models: readonly { ref: string; locality: string; usable: boolean }[];
};

/** The bundle is null where none could be made or read; the file is the report. */
export type LastDrill = { at: number; ok: boolean; bundle: string | null; file: string };

export type StatusFacts = {
  live: Live | undefined;
  /** What the config itself says of `offline`. */
  capped: boolean;
  needed: readonly NeededModel[];
  plan: readonly PlanItem[];
  lastBundle: { id: string; at: number; path: string } | undefined;
  lastDrill: LastDrill | undefined;
  restoring: boolean;
};

export type StatusReport = {
  /** Whether a chat would be answered with the cable pulled. */
  ready: boolean;
  live: boolean;
  features: Feature[];
  missing: { id: string; title: string; why: string; fix?: string }[];
  lastBundle?: { id: string; at: number; path: string };
  lastDrill?: LastDrill;
  restoring: boolean;
};

export function describeStatus(facts: StatusFacts): StatusReport {
  const { plan, lastBundle, lastDrill, live, restoring } = facts;
  const chat = chatFeature(facts);
  const features = [
    chat,
    ...modelFeatures(facts),
    ...OWN_FEATURES,
    sandboxFeature(live),
    ...meshFeature(facts),
    downloadFeature(facts),
    ...cloudFeature(facts),
    pairingFeature(),
    WEB_SEARCH,
  ];
  const missing = plan.filter(({ state }) => state === "missing");
  return {
    ready: chat.works !== "no",
    live: live !== undefined,
    features,
    missing: missing.map(({ id, title, why, fix }) => ({
      id,
      title,
      why,
      ...(fix !== undefined && { fix }),
    })),
    ...(lastBundle && { lastBundle }),
    ...(lastDrill && { lastDrill }),
    restoring,
  };
}

const LOCAL: readonly string[] = ["embedded", "device"];
const NEAR: readonly string[] = ["lan", "mesh"];
const DEMONSTRATION = "embedded/demo";

/** Of the chain, those that would answer: on this machine, and on machines of one's own. */
function answering({ live, needed, plan }: StatusFacts) {
  // A GGUF file without what runs it answers nothing.
  const canRun = !plan.some(({ kind, state }) => kind === "engine" && state === "missing");
  const isHere = (ref: string) =>
    plan.some(
      (item) => item.ref === ref && item.state === "here" && (canRun || item.kind !== "gguf"),
    );
  const all = live
    ? live.models.filter(({ usable }) => usable).map(({ ref, locality }) => ({ ref, locality }))
    : plan.flatMap(({ ref, locality, state }) =>
        ref !== undefined && locality !== undefined && state !== "missing"
          ? [{ ref, locality }]
          : [],
      );
  const wanted = new Set(needed.map(({ ref }) => ref));
  const named = wanted.size === 0 ? all : all.filter(({ ref }) => wanted.has(ref));
  return {
    here: named.filter(
      ({ ref, locality }) => LOCAL.includes(locality) && (live !== undefined || isHere(ref)),
    ),
    near: named.filter(({ locality }) => NEAR.includes(locality)),
  };
}

function chatFeature(facts: StatusFacts): Feature {
  const own = { id: "chat", feature: "Chat with the agent" };
  const { here, near } = answering(facts);
  const real = here.filter(({ ref }) => ref !== DEMONSTRATION);
  if (real[0]) return { ...own, works: "yes", why: `${real[0].ref} is on this machine` };
  if (near[0]) {
    const why = `${near[0].ref} answers as long as its machine can be reached`;
    return {
      ...own,
      works: "partly",
      why,
      alternative: "Have a model on this machine as a fallback",
    };
  }
  const alternative =
    "Name a local model in agents.defaults.model, and fetch it with `isopod offline prepare`";
  const chosen = facts.needed.length > 0 && !facts.needed.some(({ ref }) => ref === DEMONSTRATION);
  if (chosen)
    return { ...own, works: "no", why: "no model of the chain is on this machine", alternative };
  return {
    ...own,
    works: "partly",
    why: "only the built-in demonstration model is here",
    alternative,
  };
}

/** One row for each model that the config names. */
function modelFeatures(facts: StatusFacts): Feature[] {
  const engine = facts.plan.find(({ kind, state }) => kind === "engine" && state === "missing");
  return facts.plan.flatMap(({ ref, kind, state, locality, why, title, fix }): Feature[] => {
    if (ref === undefined || locality === "cloud" || locality === "unknown") return [];
    const own = { id: `model:${ref}`, feature: `Model ${ref}` };
    const answers = facts.live?.models.some((model) => model.ref === ref && model.usable);
    if (state === "missing")
      return [{ ...own, works: "no", why, alternative: `Before you go offline: ${fix ?? title}` }];
    if (state === "here" && facts.live && !answers) {
      const alternative = "Start its server; `isopod doctor` says what is wrong";
      return [{ ...own, works: "partly", why: `${why}, but it does not answer now`, alternative }];
    }
    if (state === "here" && kind === "gguf" && engine) {
      const alternative = `Before you go offline: ${engine.fix ?? engine.title}`;
      return [{ ...own, works: "no", why: `${why}, but its engine is not installed`, alternative }];
    }
    if (state === "here") return [{ ...own, works: "yes", why }];
    return [{ ...own, works: "partly", why, alternative: "Carry it to this machine as well" }];
  });
}

/** What is served by the gateway itself, from this machine. */
const OWN_FEATURES: readonly Feature[] = [
  {
    id: "app",
    feature: "The app, the command line and the private messenger",
    works: "yes",
    why: "the gateway serves them from this machine, and messages are kept there",
  },
  {
    id: "files",
    feature: "Tools on the files of the workspace",
    works: "yes",
    why: "they use no network in any mode",
  },
];

function sandboxFeature(live: Live | undefined): Feature {
  const own = { id: "run", feature: "Running commands" };
  if (!live)
    return { ...own, works: "yes", why: "its sandbox has no network; `isopod doctor` attacks it" };
  const { ok, name, reason } = live.sandbox;
  if (ok) return { ...own, works: "yes", why: `${name} holds, and has no network` };
  const why = reason ?? "no sandbox passed its probe";
  return { ...own, works: "no", why, alternative: "`isopod doctor` says how to get one" };
}

function meshFeature({ needed }: StatusFacts): Feature[] {
  if (!needed.some(({ locality }) => locality === "mesh")) return [];
  return [
    {
      id: "mesh",
      feature: "Machines of the mesh (Tailscale, Headscale)",
      works: "partly",
      why: "connections that stand go on directly; new ones need the coordinator",
      alternative:
        "Reach the machine over the local network, and name that address as another provider",
    },
  ];
}

function downloadFeature({ plan }: StatusFacts): Feature {
  const lost = plan.filter(({ state }) => state === "missing").length;
  return {
    id: "download",
    feature: "Downloading models",
    works: "no",
    why: "it needs the internet",
    alternative:
      lost === 0
        ? "Nothing is missing: all that the config needs is here"
        : `Fetch what is missing (${lost}) before, with \`isopod offline prepare\``,
  };
}

function cloudFeature(facts: StatusFacts): Feature[] {
  const clouds = facts.needed.filter(({ locality }) => locality === "cloud");
  if (clouds.length === 0) return [];
  const { here, near } = answering(facts);
  const [local] = [...here, ...near];
  return [
    {
      id: "cloud",
      feature: `Models in the cloud (${clouds.map(({ ref }) => ref).join(", ")})`,
      works: "no",
      why: "they are somebody else's machines on the internet",
      alternative: local
        ? `${local.ref} answers instead`
        : "Add a local model to agents.defaults.model.fallbacks",
    },
  ];
}

const pairingFeature = (): Feature => ({
  id: "pairing",
  feature: "Registering a new device",
  works: "yes",
  why: "the gateway pairs devices itself; no coordinator is asked (a new machine of a mesh still needs its own)",
});

const WEB_SEARCH: Feature = {
  id: "web",
  feature: "Web search",
  works: "no",
  why: "it needs the internet",
  alternative: "Add your documents with `isopod docs add`: the agent searches them",
};
