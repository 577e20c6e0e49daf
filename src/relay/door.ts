/** Answers the requests of paired devices: who asks, how much, what may be had; and says in the audit how it went. */

import type { Clock } from "../base/clock.ts";
import { Fault, ReportedFault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { RawAnswer, RawRequest, RawResponse } from "../network/raw.ts";
import { PairAsked } from "../protocol/share.ts";
import type { Audit, AuditLine } from "./audit.ts";
import type { Device, Devices } from "./devices.ts";
import { type Asked, readRequest, refuseStranger } from "./gate.ts";
import { createLimits } from "./limits.ts";
import type { Store } from "./ollama-store.ts";
import { serveStore } from "./serve-store.ts";
import type { Relay, Upstream } from "./relay.ts";

export type DoorOptions = {
  devices: Devices;
  audit: Audit;
  relay: Relay;
  upstream: Upstream;
  store: Store;
  /** That a Host header may name. */
  names: readonly string[];
  clock: Clock;
  log: Log;
};

export interface Door {
  answer: RawAnswer;
  /** Ends what runs, of one device or of all. */
  cut(device?: string): void;
  running(device: string): number;
}

const PAIR = "/isopod/pair";
/** A code and a name. */
const MAX_PAIR_BYTES = 4 * 1024;
const MAX_NAMES_TOLD = 1_000;

export function createDoor(options: DoorOptions): Door {
  const { devices, relay, upstream, clock, log } = options;
  const limits = createLimits(clock);
  const running = new Map<AbortController, string>();

  async function pair(asked: Asked, request: RawRequest): Promise<RawResponse> {
    if (asked.method !== "POST")
      throw new Fault("RELAY_NOT_OFFERED", { route: "GET /isopod/pair" });
    const { code, device: name } = await readPair(request);
    const { token, device } = await devices.pair({ code, name, from: request.peer });
    const models = await relay.models(request.signal).catch(() => []); // it pairs while its server sleeps, too
    const { product } = upstream;
    log.info({ device: device.id }, "a device was paired with the shared models");
    return json(200, {
      token,
      scopes: device.scopes,
      product,
      models: models.slice(0, MAX_NAMES_TOLD),
    });
  }

  /** With a place among what runs, which ends when the last byte has gone. */
  async function serve(asked: Asked, request: RawRequest, device: Device): Promise<RawResponse> {
    const leave = limits.enter(device.id);
    const own = new AbortController();
    running.set(own, device.id);
    const over = () => {
      running.delete(own);
      leave();
    };
    // Also where nobody comes to read the answer.
    request.signal.addEventListener("abort", over, { once: true });
    try {
      const signal = AbortSignal.any([request.signal, own.signal]);
      const response = asked.path.startsWith("/isopod/")
        ? await serveStore(options.store, asked, device.scopes, signal)
        : await relay.answer(asked, request, device.scopes, signal);
      return { ...response, body: followed(response.body, own.signal, over) };
    } catch (error) {
      over();
      throw error;
    }
  }

  return {
    running: limits.running,
    cut(device) {
      for (const [own, whose] of running) {
        if (device === undefined || whose === device) own.abort(new Error("sharing was ended"));
      }
    },
    async answer(request) {
      const told = createTeller(options, request);
      let asked: Asked | undefined;
      try {
        asked = readRequest(request);
        const stranger = refuseStranger(asked, options.names);
        if (stranger) throw stranger;
        if (asked.path === PAIR) return told(asked, undefined, await pair(asked, request));
        const device = devices.identify(asked.header("authorization"), request.peer);
        return told(asked, device, await serve(asked, request, device).catch(refusal(asked, log)));
      } catch (error) {
        return told(undefined, undefined, refusal(asked, log)(error));
      }
    },
  };
}

async function readPair(request: RawRequest): Promise<{ code: string; device: string }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > MAX_PAIR_BYTES) throw new Fault("RELAY_TOO_LARGE", { limitBytes: MAX_PAIR_BYTES });
    chunks.push(chunk);
  }
  try {
    return PairAsked.parse(JSON.parse(Buffer.concat(chunks).toString()));
  } catch (cause) {
    const why = "must be { code, device }";
    throw new Fault("RELAY_BODY_REFUSED", { path: "the body", why }, { cause });
  }
}

/** The same bytes; `over` is called at their end, whatever it is. A cut ends them with its reason. */
async function* followed(
  body: RawResponse["body"],
  cut: AbortSignal,
  over: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    if (body === undefined) return;
    if (typeof body === "string") yield Buffer.from(body);
    else if (body instanceof Uint8Array) yield body;
    else for await (const chunk of body) yield ((cut.throwIfAborted(), chunk));
  } finally {
    over();
  }
}

/** Writes the line of the audit when the answer has gone, or was cut. */
function createTeller({ audit, clock }: DoorOptions, request: RawRequest) {
  const at = clock.now();
  const begun = clock.elapsedMs();
  return (
    asked: Asked | undefined,
    device: Device | undefined,
    { code, ...response }: RawResponse & { code?: string },
  ): RawResponse => {
    let sentBytes = 0;
    const tell = (cut: boolean) => {
      const line: AuditLine = {
        at,
        ...(device && { device: device.id, name: device.name }),
        peer: request.peer,
        method: request.method.slice(0, 10),
        path: asked?.path ?? "",
        status: response.status,
        ...(code !== undefined ? { code } : cut && { code: "CUT" }),
        sentBytes,
        ms: Math.round(clock.elapsedMs() - begun),
      };
      audit.append(line);
    };
    const { body } = response;
    if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
      sentBytes = body === undefined ? 0 : Buffer.byteLength(body);
      tell(false);
      return response;
    }
    return { ...response, body: counted(body, (bytes) => void (sentBytes += bytes), tell) };
  };
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
  tell: (cut: boolean) => void,
): AsyncGenerator<Uint8Array> {
  let isWhole = false;
  try {
    for await (const chunk of body) {
      count(chunk.length);
      yield chunk;
    }
    isWhole = true;
  } finally {
    tell(!isWhole);
  }
}

const json = (status: number, value: unknown): RawResponse => ({
  status,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body: JSON.stringify(value),
});

/** A fault in the words of whoever asked: each dialect has its own form, and clients show what stands in it. */
const refusal =
  (asked: Asked | undefined, log: Log) =>
  (error: unknown): RawResponse & { code: string } => {
    const fault = toFault(error, (id, bug) => log.error({ id, err: bug }, "the relay failed"));
    const { code, message, fix } = fault;
    const status = fault instanceof ReportedFault ? 500 : fault.status;
    const text = `${message}. ${fix}`;
    const path = asked?.path ?? "";
    const body = path.startsWith("/isopod/")
      ? { error: { code, message, fix } }
      : path.startsWith("/api/")
        ? { error: text }
        : { error: { message: text, type: code, code } };
    const { headers, body: sent } = json(status, body) as RawResponse & { body: string };
    const wait = fault.code === "RELAY_BUSY" && { "retry-after": "5" };
    return { status, headers: { ...headers, ...wait }, body: sent, code };
  };
