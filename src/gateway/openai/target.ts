import { Fault } from "../../base/fault.ts";

/** Who answers: an agent of this gateway with its own tools, or a model with the client's. */
export type Target = { kind: "agent"; id: string } | { kind: "model"; ref: string };

/** The prefix of agents; no provider may be called so. */
const AGENTS = "isopod/";

/** The agent of `agents.defaults`. */
export const MAIN = "main";

/** The agent that answers where no other is named. */
export const MAIN_AGENT = `${AGENTS}${MAIN}`;

/** The agents as models, the main one first. */
export const agentModels = (agents: readonly string[]): string[] => [
  MAIN_AGENT,
  ...agents.filter((id) => id !== MAIN).map((id) => `${AGENTS}${id}`),
];

/** An empty name is the agent: many clients send none where a server has one model. */
export function parseTarget(name: string, agents: readonly string[]): Target {
  if (name === "" || name === "isopod") return { kind: "agent", id: MAIN };
  if (name.startsWith(AGENTS)) {
    if (agentModels(agents).includes(name)) return { kind: "agent", id: name.slice(AGENTS.length) };
    const model = name.slice(AGENTS.length);
    throw new Fault("MODEL_MISSING", { provider: "isopod", model, nearest: MAIN_AGENT });
  }
  if (!name.includes("/")) {
    throw new Fault("REQUEST_INVALID", {
      where: 'field "model"',
      detail: `must be "${MAIN_AGENT}" or "provider/model" as GET /v1/models lists them`,
    });
  }
  return { kind: "model", ref: name };
}
