/** The ways people write agents and which models they use, turned into ours. */

import type { Draft } from "./draft.ts";
import type { Environment } from "./environment.ts";
import { isObject, join } from "./read.ts";
import { translateBrain } from "./translate-brain.ts";
import { isOfLoading } from "../models/params/table.ts";
import { translateParams } from "./translate-params.ts";
import { translateModelRules } from "./translate-model-rules.ts";

export function translateAgents(draft: Draft, env: Environment): void {
  const home = translateBrain(draft);
  draft.move("defaultModel", "agents.defaults.model");
  draft.move("agent.model", "agents.defaults.model");
  draft.move("agent.workspace", "agents.defaults.workspace");
  expandHome(draft, "agents.defaults.workspace", env["HOME"]);
  draft.move("heartbeat", "agents.defaults.heartbeat");
  keepHeartbeatModel(draft);
  const agents = [
    "agents.defaults",
    "agents.defaults.heartbeat",
    ...draft.entries("agents.entries").map(({ path }) => path),
  ];
  for (const agent of agents) {
    translateModel(draft, agent);
    nameProviders(draft, `${agent}.model`, home);
  }
  for (const { path } of draft.entries("agents.entries"))
    translateOwnParams(draft, `${path}.params`);
  translateModelRules(draft);
}

/** How a model is loaded is one thing for all who use it; the rest an agent may have as it likes. */
function translateOwnParams(draft: Draft, path: string): void {
  translateParams(draft, path, undefined);
  for (const { key, path: at } of draft.entries(path)) {
    if (isOfLoading(key)) {
      draft.drop(
        at,
        "not used: the model is loaded with it, for all who use it; give it to the model",
      );
    }
  }
}

/** Its model is what there is a place for; a string may be a schedule. */
function keepHeartbeatModel(draft: Draft): void {
  const path = "agents.defaults.heartbeat";
  if (typeof draft.get(path) === "string")
    draft.drop(path, "not used yet: nothing schedules heartbeats");
  for (const { path: key } of draft.entries(path)) {
    if (key !== `${path}.model`) draft.drop(key, "not used yet: nothing schedules heartbeats");
  }
}

/** A shell would do it; nobody else reads `~` as a folder. */
function expandHome(draft: Draft, path: string, home: string | undefined): void {
  const folder = draft.get(path);
  if (typeof folder !== "string" || !/^~(\/|$)/.test(folder) || !home) return;
  const whole = home + folder.slice(1);
  draft.set(path, whole, path);
  draft.note(path, `"${folder}" read as "${whole}"`);
}

/** A model may be one name instead of `{ primary, fallbacks }`, and a fallback one instead of a list. */
function translateModel(draft: Draft, agent: string): void {
  const path = `${agent}.model`;
  const model = draft.get(path);
  if (typeof model === "string") {
    draft.set(path, { primary: model }, path);
    draft.origins.set(`${path}.primary`, path);
    draft.note(path, `"${model}" read as "${path}.primary"`);
  }
  if (!isObject(draft.get(path))) return;
  draft.move(`${path}.fallback`, `${path}.fallbacks`);
  const fallback = draft.get(`${path}.fallbacks`);
  if (typeof fallback !== "string") return;
  draft.set(`${path}.fallbacks`, [fallback], `${path}.fallbacks`);
  draft.note(`${path}.fallbacks`, `"${fallback}" read as a list of one`);
}

/**
 * A bare name gets the provider that lists it, else the one that the config calls home. What neither
 * knows stays bare: the first server that has it answers.
 */
function nameProviders(draft: Draft, model: string, home: string | undefined): void {
  const full = (path: string, name: unknown): unknown => {
    if (typeof name !== "string" || name === "" || name.includes("/")) return name;
    const provider = listedBy(draft, name) ?? home;
    if (provider === undefined) return name;
    draft.note(path, `"${name}" read as "${provider}/${name}"`);
    return `${provider}/${name}`;
  };
  const primary = `${model}.primary`;
  if (draft.has(primary)) draft.set(primary, full(primary, draft.get(primary)));
  const fallbacks = draft.get(`${model}.fallbacks`);
  if (!Array.isArray(fallbacks)) return;
  const path = `${model}.fallbacks`;
  draft.set(
    path,
    fallbacks.map((name, i) => full(join(path, i), name)),
  );
}

/** The one provider that lists a model of this name; undefined where none or several do. */
function listedBy(draft: Draft, name: string): string | undefined {
  const having = draft.entries("models.providers").filter(({ value }) => {
    const models = isObject(value) ? value["models"] : undefined;
    return isObject(models) && Object.hasOwn(models, name);
  });
  return having.length === 1 ? having[0]?.key : undefined;
}
