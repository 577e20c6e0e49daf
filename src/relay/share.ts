/**
 * Shares a model server of this machine with paired devices: a TLS listener with a key of its own, and the
 * relay behind it. Started and stopped by a person at this machine, and by nothing else.
 */

import { readFileSync, writeFileSync } from "node:fs";

import { z } from "zod";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { readAddress } from "../network/address.ts";
import type { Listeners, TlsListener } from "../network/listen.ts";
import { toFingerprint, toPin } from "../network/pin.ts";
import type { Mode } from "../protocol/event.ts";
import type {
  RelayScope,
  SharedDevice,
  SharePairing,
  ShareStart,
  ShareStatus,
} from "../protocol/share.ts";
import { type Audit, createAudit } from "./audit.ts";
import { createCertificate, createKey, publicKeyOf } from "./certificate.ts";
import { createDevices, type Device, type Devices, type Record } from "./devices.ts";
import { createDoor, type Door } from "./door.ts";
import type { Store } from "./ollama-store.ts";
import { writeShareLink } from "./link.ts";
import type { Relay, Upstream } from "./relay.ts";

/** A server of this machine that can be shared. */
export type Shareable = { id: string; upstream: Upstream };

export type ShareOptions = {
  /** Where the key lies; made with the first start. */
  keyFile: string;
  auditFile: string;
  records: { devices: Record; started: Record };
  listeners: Listeners;
  clock: Clock;
  log: Log;
  /** In mode `device` nobody else has business here: what was started rests until a person widens it. */
  mode: () => Mode;
  /** The addresses of this machine, without loopback. */
  addresses: () => readonly string[];
  /** What this machine is called, for the certificate and the Host header. */
  hostName: string;
  /** Throws `SHARE_SERVER` where there is none of this name, or it is not here. */
  findServer(id: string | undefined): Shareable;
  createRelay(upstream: Upstream): Relay;
  /** The files of an Ollama on this machine, for devices that may read them. */
  store: Store;
};

export interface Share {
  status(): ShareStatus;
  /**
   * Throws `SHARE_MODE`, `SHARE_ADDRESS`, `SHARE_SERVER`, `PORT_IN_USE` or `LISTEN_FAILED`. Moves where it runs
   * already.
   */
  start(wanted: ShareStart): Promise<ShareStatus>;
  /** Cuts what runs. Devices stay paired. */
  stop(): Promise<ShareStatus>;
  /** Throws `SHARE_OFF`. */
  createCode(scopes: readonly RelayScope[] | undefined): SharePairing;
  /** Throws `NOT_FOUND`. Its streams end at once. */
  revoke(device: string): Promise<{ id: string; name: string }>;
  /**
   * Begins again what was started before, or lets it rest, as the mode has it. Never throws: what keeps it from
   * beginning stands in the status.
   */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Beside the gateway's. */
export const SHARE_PORT = 18_790;

const Started = z.object({ address: z.string(), port: z.number(), server: z.string() });
type Started = z.infer<typeof Started>;

type Running = Started & { listener: TlsListener; door: Door };

export async function createShare(options: ShareOptions): Promise<Share> {
  const { records, clock, log } = options;
  const devices = await createDevices(records.devices, clock);
  const audit = createAudit(options.auditFile, (error) =>
    log.error({ err: error }, "a line of the audit was lost"),
  );
  const key = readKey(options.keyFile);
  const pin = toPin(publicKeyOf(key));
  const fingerprint = toFingerprint(pin);
  const stage = createStage(options, { devices, audit, key });
  const inTurn = createTurns();

  const status = (): ShareStatus => {
    const running = stage.running();
    const problem = stage.problem();
    return {
      sharing: running !== undefined,
      ...(problem !== undefined && { problem }),
      ...(running && { url: running.listener.url, server: running.server }),
      pin,
      fingerprint,
      devices: devices.list().map((device) => toShared(device, running)),
      audit: audit.path,
    };
  };

  return {
    status,
    start: (wanted) =>
      inTurn(async () => {
        await stage.start(wanted);
        return status();
      }),
    stop: () =>
      inTurn(async () => {
        await records.started.set("");
        await stage.shut();
        return status();
      }),
    createCode: (scopes) => createPairing(stage.running(), { devices, fingerprint }, scopes),
    async revoke(wanted) {
      const { id, name } = await devices.revoke(wanted);
      stage.running()?.door.cut(id);
      return { id, name };
    },
    resume: () =>
      inTurn(stage.begin).catch((error: unknown) =>
        log.warn({ err: error }, "sharing did not begin again"),
      ),
    close: () =>
      inTurn(async () => {
        await stage.shut();
        audit.close();
      }),
  };
}

/** One after the other: what a mode closes must not be opened by what began before it. */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(act: () => Promise<T>): Promise<T> => {
    const turn = last.then(act);
    last = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  };
}

/** The one listener there is, or none; and what is noted of it for the next start of the gateway. */
function createStage(
  options: ShareOptions,
  { devices, audit, key }: { devices: Devices; audit: Audit; key: string },
) {
  const { started } = options.records;
  let running: Running | undefined;
  let problem: string | undefined;

  async function shut(): Promise<void> {
    const was = running;
    running = undefined;
    problem = undefined;
    was?.door.cut();
    await was?.listener.close();
  }

  async function open(wanted: Started): Promise<Running> {
    const { id, upstream } = options.findServer(wanted.server);
    const relay = options.createRelay(upstream);
    const { address, port } = wanted;
    const names = [address, options.hostName, `${options.hostName}.local`];
    const shown = names.map((name) => (name.includes(":") ? `[${name}]` : name.toLowerCase()));
    const door = createDoor({ ...options, devices, audit, relay, upstream, names: shown });
    await shut();
    const listener = await options.listeners.serveTls({
      host: address,
      port,
      identity: createCertificate(key, names, options.clock.now()),
      answer: door.answer,
    });
    return (running = { address, port: listener.port, server: id, listener, door });
  }

  /** Why the last try failed is told until one succeeds. */
  async function tried(open: () => Promise<unknown>): Promise<void> {
    try {
      await open();
    } catch (error) {
      const isFault = error instanceof Fault;
      if (!running) problem = isFault ? `${error.message}. ${error.fix}` : String(error);
      throw error;
    }
  }

  return {
    running: () => running,
    problem: () => problem,
    shut,
    async start({ address, port = SHARE_PORT, server }: ShareStart): Promise<void> {
      if (options.mode() === "device") throw new Fault("SHARE_MODE", {});
      const where = chooseAddress(address, options.addresses());
      const { id } = options.findServer(server);
      await tried(async () => {
        const { port: bound } = await open({ address: where, port, server: id });
        await started.set(JSON.stringify({ address: where, port: bound, server: id }));
      });
    },
    begin: () =>
      tried(async () => {
        const text = await started.get();
        if (!text) return;
        if (options.mode() !== "device") return open(Started.parse(JSON.parse(text)));
        await shut();
        throw new Fault("SHARE_MODE", {});
      }),
  };
}

function toShared(device: Device, running: Running | undefined): SharedDevice {
  const { id, name, scopes, createdAt, lastUsedAt } = device;
  const used = lastUsedAt !== undefined && { lastUsedAt };
  return { id, name, scopes, createdAt, ...used, running: running?.door.running(id) ?? 0 };
}

function createPairing(
  running: Running | undefined,
  { devices, fingerprint }: { devices: Devices; fingerprint: string },
  scopes: readonly RelayScope[] = ["infer"],
): SharePairing {
  if (!running) throw new Fault("SHARE_OFF", {});
  const { url } = running.listener;
  const { code, expiresAt } = devices.createCode(scopes);
  const link = writeShareLink(url, code, fingerprint);
  return { link, url, code, fingerprint, scopes: [...scopes], expiresAt };
}

/** One address of this machine, which others have a use for; pure. Throws `SHARE_ADDRESS`. */
export function chooseAddress(wanted: string | undefined, own: readonly string[]): string {
  // What begins with fe80: is the same on every network, and another machine would have to name its own card.
  const useful = own.filter(
    (one) => !one.startsWith("fe80:") && ["lan", "mesh"].includes(readAddress(one)?.class ?? ""),
  );
  const known = useful.join(", ") || "it has none on a local network now";
  const refused = (detail: string) => new Fault("SHARE_ADDRESS", { detail, known });
  if (wanted === undefined) {
    const ipv4 = useful.filter((one) => !one.includes(":"));
    const [only, ...others] = ipv4.length > 0 ? ipv4 : useful;
    if (only !== undefined && others.length === 0) return only;
    throw refused(only ? "this machine has several addresses" : "this machine has no such address");
  }
  const found = readAddress(wanted);
  if (!found || found.class === "never") {
    throw refused(`"${wanted}" is not one address: each network is opened knowingly`);
  }
  if (found.class === "public") throw refused(`${found.address} can be reached from the internet`);
  if (found.class !== "device" && !own.some((one) => readAddress(one)?.address === found.address)) {
    throw refused(`${found.address} is not an address of this machine`);
  }
  return found.address;
}

/** The key outlives certificates and addresses: it is what other devices have pinned. */
function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((Object(error) as { code?: unknown }).code !== "ENOENT") throw error;
  }
  const key = createKey();
  writeFileSync(file, key, { mode: 0o600, flag: "wx" });
  return key;
}
