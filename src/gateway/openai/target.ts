import { Fault } from "../../base/fault.ts";

/** Who answers: an agent of this gateway with its own tools, or a model with the client's. */
export type Target = { kind: "agent"; id: string } | { kind: "model"; ref: string };

/** The prefix of agents; no provider may be called so. */
const AGENTS = "isopod/";

/** The agent that there is. More will come from `agents.entries`. */
export const MAIN_AGENT = "isopod/main";

/** An empty name is the agent: many clients send none where a server has one model. */
export function parseTarget(name: string): Target {
  if (name === "" || name === "isopod" || name === MAIN_AGENT) {
    return { kind: "agent", id: MAIN_AGENT };
  }
  if (name.startsWith(AGENTS)) {
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
