/**
 * One model server over HTTP: sends requests through the egress guard and turns what goes wrong into
 * faults. The dialects know what to send; this knows how a connection fails.
 */

import type { z } from "zod";

import { Fault } from "../base/fault.ts";
import { nearest } from "../base/nearest.ts";
import type { Egress, EgressResponse } from "../network/egress.ts";
import { presetNamed } from "./presets.ts";
import { toRefusal } from "./refusal.ts";

export type ModelServerOptions = {
  /** The provider's id, for faults. */
  id: string;
  baseUrl: string;
  egress: Egress;
  headers?: Readonly<Record<string, string>> | undefined;
  /** What one model wants beside them, and before them where both say something. */
  headersOf?: ((model: string) => Readonly<Record<string, string>> | undefined) | undefined;
  apiKey?: string | undefined;
  /** How long a listing may wait for its head, in ms. */
  headTimeoutMs?: number | undefined;
};

export interface ModelServer {
  readonly id: string;
  /** Reads a small JSON answer; a POST where there is a body. Throws faults as `stream` does. */
  read<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal, body?: object): Promise<T>;
  /**
   * Sends what changes something (loads, unloads, removes) and reads its small JSON answer; an empty one is
   * `{}`. Throws faults as `read` does, and `MODEL_TIMEOUT`.
   */
  act<T>(act: Act, schema: z.ZodType<T>, signal: AbortSignal): Promise<T>;
  /** Posts a chat and returns the bytes of its answer. Throws a `Fault`, or the signal's reason. */
  stream(chat: StreamedChat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** What a failure while reading a stream means: a fault, or the signal's reason. */
  toReadFailure(error: unknown, signal: AbortSignal): unknown;
}

export type Act = {
  path: string;
  /** POST without it. */
  method?: "POST" | "DELETE";
  body?: object;
  /** What for; stands in the ledger. */
  purpose: string;
  /** The model it is about, for a server that does not have it. */
  model?: string;
  /** How long it may take until the head of the answer, in ms: loading takes minutes. As the signal says without it. */
  headTimeoutMs?: number;
};

export type StreamedChat = {
  path: string;
  body: string;
  /** "models.chat" without it. */
  purpose?: string;
  model: string;
  /** Names of the models there are, for a model that is not. */
  names: (signal: AbortSignal) => Promise<string[]>;
};

/** A busy server answers a listing late, a LAN host that is off never: 5 s is what people still wait. */
const LIST_TIMEOUT_MS = 5_000;
/** A server with hundreds of models lists them in less. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
/** What is read of a refusal; the detail is cut to a line of it. */
const MAX_REFUSAL_BYTES = 64 * 1024;

const CHAT = "models.chat";
/** A frame takes some 300 bytes and holds a token: more than any window, and what memory can hold of one answer. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export function createModelServer(options: ModelServerOptions): ModelServer {
  const { id, headTimeoutMs = LIST_TIMEOUT_MS } = options;
  const send = createSender(options);
  const toReadFailure = (error: unknown, signal: AbortSignal) => readFailure(id, error, signal);
  const readText = (response: EgressResponse, maxBytes: number, signal: AbortSignal) =>
    response.text(maxBytes).catch((error: unknown) => {
      throw toReadFailure(error, signal);
    });

  return {
    id,
    toReadFailure,

    async read(path, schema, signal, body) {
      const sent = {
        ...(body && { body: JSON.stringify(body) }),
        purpose: "models.list",
        headTimeoutMs,
      };
      const response = await send(path, sent, signal);
      const text = await readText(response, MAX_LIST_BYTES, signal);
      if (response.status !== 200) throw toRefusal({ provider: id, status: response.status, text });
      return parse(schema, text, id);
    },

    async act({ path, model, body, ...request }, schema, signal) {
      const sent = {
        method: "POST",
        ...request,
        model,
        ...(body && { body: JSON.stringify(body) }),
      };
      const response = await send(path, sent, signal).catch((error: unknown) => {
        const { headTimeoutMs: ms } = request;
        throw ms !== undefined && isLate(error) ? tooLate(id, ms, error) : error;
      });
      const text = await readText(response, MAX_LIST_BYTES, signal);
      if (response.status < 300) return parse(schema, text.trim() || "{}", id);
      throw toRefusal({ provider: id, status: response.status, text, ...(model && { model }) });
    },

    async stream({ path, body, model, names, purpose = CHAT }, signal) {
      const response = await send(path, { body, purpose, model }, signal);
      if (response.status === 200 && !isWebPage(response)) {
        return purpose === CHAT ? bounded(response.body, MAX_ANSWER_BYTES) : response.body;
      }
      const text = await readText(response, MAX_REFUSAL_BYTES, signal);
      const fault = toRefusal({ provider: id, model, status: response.status, text });
      throw fault.code === "MODEL_MISSING"
        ? toMissing(id, model, await names(signal).catch(() => []), fault)
        : fault;
    },
  };
}

type Sent = Pick<Act, "purpose" | "headTimeoutMs"> & {
  method?: string;
  body?: string;
  model?: string | undefined;
};

/** Sends with the server's headers; what keeps it from being reached is `MODEL_UNREACHABLE`. */
function createSender({
  id,
  baseUrl,
  egress,
  apiKey,
  headers: own,
  headersOf,
}: ModelServerOptions) {
  const all = { ...(apiKey && { authorization: `Bearer ${apiKey}` }), ...own };
  return async (path: string, sent: Sent, signal: AbortSignal): Promise<EgressResponse> => {
    const url = joinUrl(baseUrl, path);
    const { model, ...request } = sent;
    const { body } = request;
    const headers = { ...all, ...(model !== undefined && headersOf?.(model)) };
    try {
      return await egress.request({
        method: body === undefined ? "GET" : "POST",
        ...request,
        url,
        headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
        signal,
      });
    } catch (cause) {
      // The guard's own refusal and the caller's abort already say what happened.
      if (cause instanceof Fault && cause.code !== "EGRESS_TIMEOUT") throw cause;
      signal.throwIfAborted();
      const { ports, start } = presetNamed(id);
      const known = ports.length > 0 && { start };
      throw new Fault("MODEL_UNREACHABLE", { provider: id, url, ...known }, { cause });
    }
  };
}

function readFailure(provider: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  if (error instanceof RangeError) {
    return new Fault("MODEL_GARBLED", { provider, detail: error.message }, { cause: error });
  }
  return new Fault("MODEL_STREAM_CUT", { provider }, { cause: error });
}

/**
 * The same bytes, ended with a `RangeError` where there are more: who reads an answer keeps all of it. By hand
 * and not as a generator, since this runs for every token.
 */
function bounded(body: AsyncIterable<Uint8Array>, most: number): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = body[Symbol.asyncIterator]();
      const end = async () =>
        (await chunks.return?.()) ?? { done: true as const, value: undefined };
      let sizeBytes = 0;
      return {
        next: () =>
          chunks.next().then((result) => {
            if (!result.done) sizeBytes += result.value.length;
            if (sizeBytes <= most) return result;
            // A loop that is thrown out of ends nothing by itself.
            return end().then(() => {
              throw new RangeError(`its answer has ${most / 1024 / 1024} MiB and does not end`);
            });
          }),
        return: end,
      };
    },
  };
}

/** `names` is empty where the server would not tell: the fault then says how to list them. */
export function toMissing(
  provider: string,
  model: string,
  names: readonly string[],
  cause?: unknown,
): Fault {
  const meant = nearest(model, names) ?? nameOfFamily(model, names);
  return new Fault(
    "MODEL_MISSING",
    { provider, model, ...(meant && { nearest: meant }) },
    { cause },
  );
}

/** People leave out the tag: "qwen3" means "qwen3:8b", and "qwne3" does as well. */
function nameOfFamily(model: string, names: readonly string[]): string | undefined {
  const family = nearest(familyOf(model), names.map(familyOf));
  return names.find((name) => familyOf(name) === family);
}

const familyOf = (name: string) => name.split(":")[0] ?? name;

/** Sets a path after a base URL; `unix:/path.sock` gets the colon that parts socket from path. */
export function joinUrl(baseUrl: string, path: string): string {
  const base = baseUrl.replace(/\/+$/, "");
  const bareSocket = base.startsWith("unix:") && !base.slice("unix:".length).includes(":");
  return bareSocket ? `${base}:${path}` : base + path;
}

const isLate = (error: unknown) =>
  error instanceof Fault && Object(error.cause).code === "EGRESS_TIMEOUT";

const tooLate = (provider: string, ms: number, cause: unknown) =>
  new Fault("MODEL_TIMEOUT", { provider, what: "answer", seconds: ms / 1000 }, { cause });

const isWebPage = ({ headers }: EgressResponse) =>
  (headers["content-type"] ?? "").startsWith("text/html");

function parse<T>(schema: z.ZodType<T>, text: string, provider: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const detail = text.trimStart().startsWith("<")
      ? "it is a web page"
      : "it is not the JSON that was expected";
    throw new Fault("MODEL_GARBLED", { provider, detail }, { cause });
  }
}
