import type { Egress } from "../network/egress.ts";
import type { ProductId } from "./presets.ts";
import type { Provider } from "./provider.ts";
import type { Compat } from "./settings.ts";

/** What it takes to speak a wire dialect to one server. */
export type DialectOptions = {
  /** The provider's id: faults, call ids and the ledger carry it. */
  id: string;
  baseUrl: string;
  egress: Egress;
  headers?: Readonly<Record<string, string>> | undefined;
  /** What one model wants beside them. */
  headersOf?: ((model: string) => Readonly<Record<string, string>> | undefined) | undefined;
  apiKey?: string | undefined;
  /** An id for a tool call to which the server gave none. */
  newCallId: () => string;
  /** What the server proved to be; its quirks follow from it. "custom" without it. */
  product?: ProductId | undefined;
  /** How one model differs from the dialect. */
  compatOf?: ((model: string) => Compat) | undefined;
  headTimeoutMs?: number | undefined;
};

/** One wire dialect: turns the address of a server into a provider. Opens nothing by itself. */
export type Dialect = (options: DialectOptions) => Provider;

/** What there is to speak; the two without which no preset works are always there. */
export type Dialects = Readonly<Record<"ollama" | "openai-completions", Dialect>> &
  Readonly<Record<string, Dialect>>;
