import type { Locality } from "../protocol/event.ts";
import type { Model, Provider } from "./provider.ts";

/** One model on one server, ready to be asked. */
export type Candidate = {
  /** `provider/model` */
  ref: string;
  provider: Provider;
  model: Model;
  locality: Locality;
  /** What the agent budgets and the dialect sends as `num_ctx`. */
  contextTokens: number;
  maxTokens?: number;
  params: Readonly<Record<string, unknown>>;
  /** False for a model that cannot call tools: it gets the chat-only prompt. */
  tools: boolean;
  demonstration: boolean;
  /** One sentence: why this one. */
  why: string;
};

/** What the agent needs of the models: the route of one turn, who answers and who is next. */
export interface Router {
  /**
   * The route of one turn: the picked model alone where a person picked one, else primary and
   * fallbacks; what mode forbids is left out. Throws `MODEL_NONE` when nothing is left.
   */
  route(picked: string | undefined, signal: AbortSignal): Promise<Candidate[]>;
}
