/**
 * A share on this machine: the true listener with TLS, the true relay and guard, and behind it a server that
 * answers everything, remembers what it was asked, and would do whatever it is told.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";

import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { createEgress } from "../../src/network/guard.ts";
import { createListeners } from "../../src/network/listen.ts";
import { openDoors } from "../../src/process/doors.ts";
import type { Mode } from "../../src/protocol/event.ts";
import type { RelayScope } from "../../src/protocol/share.ts";
import { createStore } from "../../src/relay/ollama-store.ts";
import { createRelay } from "../../src/relay/relay.ts";
import type { Product } from "../../src/relay/routes.ts";
import { createShare, type Share } from "../../src/relay/share.ts";

type Owner = { after(work: () => unknown): void };

export type Asked = {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
};

export type Backend = {
  url: string;
  /** What reached it, oldest first; the listings that the relay asks for itself are left out. */
  readonly asked: Asked[];
  /** Answers instead of the usual; returns false where it does not. */
  answer: (asked: Asked, response: ServerResponse) => boolean;
};

const MODELS = ["qwen3:8b", "llama3:latest"];
const LISTINGS = ["/api/tags", "/v1/models"];

/** Does whatever it is asked, as a model server without a guard would. */
export async function startBackend(owner: Owner): Promise<Backend> {
  const asked: Asked[] = [];
  const backend: Backend = { url: "", asked, answer: () => false };
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8").on("data", (text: string) => (body += text));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const one = { method, url, headers, body };
      const isListing = method === "GET" && LISTINGS.includes(url);
      if (!isListing) asked.push(one);
      if (backend.answer(one, response)) return;
      response.setHeader("content-type", "application/json");
      response.setHeader("x-secret-path", "/usr/share/ollama");
      response.setHeader("set-cookie", "a=b");
      response.end(JSON.stringify(isListing ? toListing(url) : { ok: true, path: url }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  owner.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return backend;
}

const toListing = (url: string) =>
  url === "/v1/models"
    ? { object: "list", data: MODELS.map((id) => ({ id, object: "model", owned_by: "x" })) }
    : {
        models: [
          ...MODELS.map((name) => ({ name, size: 1, digest: "d", modelfile: "FROM /secret" })),
          { name: "gpt-oss:120b-cloud", size: 1 },
          { name: "far:latest", remote_host: "https://ollama.com", size: 1 },
        ],
      };

export type Reply = { status: number; headers: IncomingMessage["headers"]; text: string };

export type ShareStage = {
  share: Share;
  setMode(mode: Mode): void;
  backend: Backend;
  home: string;
  port: number;
  /** Of a device that was paired with these scopes. */
  pair(scopes?: RelayScope[], name?: string): Promise<{ token: string; id: string }>;
  ask(method: string, path: string, more?: Ask): Promise<Reply>;
  /** Bytes as they are, and all that comes back until the end or a moment of silence. */
  raw(bytes: string): Promise<string>;
  open(): Promise<TLSSocket>;
};

export type Ask = {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Called with the first bytes of the answer. */
  onData?: (text: string) => void;
};

export async function createShareStage(
  owner: Owner,
  options: {
    product?: Product;
    mode?: Mode;
    clock?: Clock;
    storeFolder?: string;
    /** A true server, in place of the one that does all it is told. */
    baseUrl?: string;
  } = {},
): Promise<ShareStage> {
  const backend = await startBackend(owner);
  const clock = options.clock ?? systemClock;
  const home = mkdtempSync(join(tmpdir(), "isopod-share-"));
  const kept = new Map<string, string>();
  const record = (key: string) => ({
    get: () => Promise.resolve(kept.get(key)),
    set: (text: string) => Promise.resolve(void kept.set(key, text)),
  });
  const ledger = { append() {} };
  const stage = { mode: options.mode ?? "private" };
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "device", hosts: [] }),
    ledger,
    clock: systemClock,
  });
  const share = await createShare({
    keyFile: join(home, "share.key"),
    auditFile: join(home, "share.jsonl"),
    records: { devices: record("devices"), started: record("started") },
    listeners: createListeners({ doors: openDoors, ledger, log: silentLog }),
    clock,
    log: silentLog,
    mode: () => stage.mode,
    addresses: () => ["127.0.0.1"],
    hostName: "box",
    findServer: () => ({
      id: "ollama",
      upstream: {
        product: options.product ?? "ollama",
        baseUrl: options.baseUrl ?? backend.url,
        headers: { authorization: "Bearer its-own-key" },
      },
    }),
    createRelay: (upstream) => createRelay({ upstream, egress, clock, mode: () => stage.mode }),
    store: createStore(options.storeFolder ?? join(home, "models")),
  });
  owner.after(async () => {
    await share.close();
    egress.close();
    rmSync(home, { recursive: true });
  });
  const { url = "" } = await share.start({ address: "127.0.0.1", port: 0 });
  const port = Number(new URL(url).port);

  const open = () =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () =>
        resolve(socket),
      );
      socket.once("error", reject);
    });

  const ask: ShareStage["ask"] = (method, path, more = {}) =>
    new Promise((resolve, reject) => {
      const { token, body, onData } = more;
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const request = httpsRequest(
        {
          host: "127.0.0.1",
          port,
          path,
          method,
          rejectUnauthorized: false,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && {
              "content-type": "application/json",
              "content-length": String(Buffer.byteLength(text)),
            }),
            ...more.headers,
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
            onData?.(text);
          });
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
          response.once("error", reject);
        },
      );
      request.once("error", reject);
      request.end(body === undefined ? undefined : text);
    });

  return {
    share,
    setMode: (mode) => void (stage.mode = mode),
    backend,
    home,
    port,
    ask,
    open,
    async pair(scopes, name = "laptop") {
      const { code } = share.createCode(scopes);
      const { text } = await ask("POST", "/isopod/pair", { body: { code, device: name } });
      const { token } = JSON.parse(text) as { token: string };
      return { token, id: share.status().devices.at(-1)?.id ?? "" };
    },
    async raw(bytes) {
      const socket = await open();
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString("latin1")));
      socket.on("error", () => {});
      const ended = new Promise((resolve) => socket.once("close", resolve));
      socket.write(Buffer.from(bytes, "latin1"));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SILENCE_MS))]);
      socket.destroy();
      return text;
    },
  };
}

/** An answer on loopback takes some milliseconds; what does not come within this is none. */
const SILENCE_MS = 400;
