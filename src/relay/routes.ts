/**
 * All that a relay passes on, by method and path: the scope it takes, what may stand in its body, and what of
 * the answer is handed on. What is not here does not exist: no route pushes, and none takes a path or an address.
 */

import type { z } from "zod";

import type { RelayScope } from "../protocol/share.ts";
import * as answers from "./answers.ts";
import * as bodies from "./bodies.ts";

export type Product = "ollama" | "openai";

export type RelayRoute = {
  method: "GET" | "POST" | "DELETE";
  path: string;
  scope: RelayScope;
  /** Whose servers have it; both without it. */
  of?: Product;
  body?: z.ZodType<Record<string, unknown>>;
  /** Fields of the body that name a model of this machine. */
  models?: readonly string[];
  /** A listing is read whole and handed on from these fields; what a model says is streamed. */
  listing?: z.ZodType<object>;
  /** Of a listing, what holds the entries that are models, each with its name. */
  entries?: readonly [list: string, name: string];
  /** Asks a registry on the internet. */
  downloads?: true;
};

const MODEL = ["model"] as const;

export const ROUTES: readonly RelayRoute[] = [
  { method: "GET", path: "/api/version", scope: "infer", of: "ollama", listing: answers.Version },
  {
    method: "GET",
    path: "/api/tags",
    scope: "infer",
    of: "ollama",
    listing: answers.Tags,
    entries: ["models", "name"],
  },
  {
    method: "GET",
    path: "/api/ps",
    scope: "infer",
    of: "ollama",
    listing: answers.Tags,
    entries: ["models", "name"],
  },
  {
    method: "POST",
    path: "/api/show",
    scope: "infer",
    of: "ollama",
    body: bodies.OllamaShow,
    models: MODEL,
    listing: answers.Show,
  },
  ...asked("ollama", "/api/chat", bodies.OllamaChat),
  ...asked("ollama", "/api/generate", bodies.OllamaGenerate),
  ...asked("ollama", "/api/embed", bodies.OllamaEmbed),
  ...asked("ollama", "/api/embeddings", bodies.OllamaEmbedding),
  {
    method: "POST",
    path: "/api/pull",
    scope: "write",
    of: "ollama",
    body: bodies.OllamaPull,
    downloads: true,
  },
  {
    method: "POST",
    path: "/api/copy",
    scope: "write",
    of: "ollama",
    body: bodies.OllamaCopy,
    models: ["source"],
  },
  {
    method: "DELETE",
    path: "/api/delete",
    scope: "delete",
    of: "ollama",
    body: bodies.OllamaDelete,
    models: MODEL,
  },
  {
    method: "GET",
    path: "/v1/models",
    scope: "infer",
    listing: answers.Models,
    entries: ["data", "id"],
  },
  ...asked(undefined, "/v1/chat/completions", bodies.ChatCompletion),
  ...asked(undefined, "/v1/completions", bodies.Completion),
  ...asked(undefined, "/v1/embeddings", bodies.Embeddings),
  { method: "GET", path: "/props", scope: "infer", of: "openai", listing: answers.Props },
  { method: "GET", path: "/health", scope: "infer", of: "openai", listing: answers.Health },
  { method: "GET", path: "/version", scope: "infer", of: "openai", listing: answers.Version },
  {
    method: "POST",
    path: "/tokenize",
    scope: "infer",
    of: "openai",
    body: bodies.Tokenize,
  },
];

function asked(
  of: Product | undefined,
  path: string,
  body: z.ZodType<Record<string, unknown>>,
): RelayRoute[] {
  return [{ method: "POST", path, scope: "infer", body, models: MODEL, ...(of && { of }) }];
}

export const findRoute = (
  product: Product,
  { method, path }: { method: string; path: string },
): RelayRoute | undefined =>
  ROUTES.find(
    (route) => route.method === method && route.path === path && (route.of ?? product) === product,
  );
