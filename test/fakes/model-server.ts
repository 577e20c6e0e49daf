/**
 * What the fake model servers share: a script of answers, one a chat, and a record of what was asked.
 * A fake is a small real HTTP program; its dialect file turns the steps below into its wire format.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** One answer: what happens, in order. A turn that neither ends nor breaks ends well by itself. */
export type Turn = readonly Step[];

export type Step =
  | { text: string }
  | { reasoning: string }
  /** `arguments` is JSON text and goes out as these bytes; `asText` sends it as a string, as some servers do. */
  | { call: string; arguments: string; id?: string; asText?: boolean }
  /** Several calls in one chunk. */
  | { calls: { call: string; arguments: string; id?: string }[] }
  /** An error object in mid-stream. */
  | { error: string }
  /** Nothing for so long. */
  | { delayMs: number }
  /** Nothing more, ever; the connection stays open. */
  | { hang: true }
  /** The connection breaks (`true`), or the body ends as if all were well (`"quietly"`). */
  | { cut: true | "quietly" }
  /** These bytes as they are. */
  | { raw: string }
  /** Bytes in hexadecimal, for what is no text. */
  | { hex: string }
  /** Instead of a stream, at the start of a turn only. */
  | { status: number; body: string; type?: string }
  /** How it ends; the defaults are what a real server says. */
  | {
      end: { reason?: string; inputTokens?: number; outputTokens?: number; cachedTokens?: number };
    };

export type FakeModel = {
  name: string;
  sizeBytes?: number;
  digest?: string;
  capabilities?: string[];
  /** The largest context it was made for, and the one it is loaded with (loaded only where given). */
  contextTokens?: number;
  loadedContextTokens?: number;
  /** Modelfile parameters, a line each. */
  parameters?: string;
  remoteHost?: string;
};

export type Script = {
  models?: FakeModel[];
  /** One for each chat, in order. */
  turns?: Turn[];
  /** Answers each chat by what it asks, given its parsed body; undefined leaves it to `otherwise`. */
  decide?: (request: unknown) => Turn | undefined;
  /** What is answered once the turns are used up. */
  otherwise?: Turn;
  /** Writes bodies in pieces of so many bytes, through the middle of characters if need be. */
  chunkBytes?: number;
  /** Pause between the chunks of an answer, as a model that thinks: tokens a second = 1000 / this. */
  betweenMs?: number;
  /** Further answers by path (GET or POST), such as "/props"; a string is sent as text. */
  routes?: Record<string, unknown>;
};

export type RecordedRequest = {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
};

export interface FakeServer {
  /** Without a path. */
  readonly url: string;
  readonly port: number;
  /** Everything that was asked, oldest first. */
  readonly requests: RecordedRequest[];
  /** The bodies of the chats alone, as text: what prefix tests compare. */
  chats(): string[];
  /** Replaces the script from the next request on. */
  play(script: Script): void;
  /** Chats that are being answered right now, and the most there ever were. */
  readonly running: { now: number; most: number };
  close(): Promise<void>;
}

/** How one wire dialect writes. */
export type Wire = {
  chatPaths: readonly string[];
  contentType: string;
  /** The chunks of one step, or of the end of the turn. */
  write(step: Step | "end", turn: WireTurn): string[];
  /** Everything but chats; undefined for 404. */
  answer(
    path: string,
    body: string,
    script: Script,
  ): { status?: number; body: unknown } | undefined;
};

/** A call as a script writes it. */
export type ScriptedCall = { call: string; arguments: string; id?: string; asText?: boolean };
export type Ending = Extract<Step, { end: object }>["end"];

/** What each dialect writes in its own way; the rest of a script is the same for all. */
export type Writers = {
  text(said: string, turn: WireTurn): string[];
  reasoning(said: string, turn: WireTurn): string[];
  /** Of one moment. */
  calls(calls: readonly ScriptedCall[], turn: WireTurn): string[];
  failed(message: string): string;
  end(given: Ending, turn: WireTurn): string[];
};

export function writeStep(step: Step | "end", turn: WireTurn, wire: Writers): string[] {
  if (step === "end") return wire.end({}, turn);
  if ("end" in step) return wire.end(step.end, turn);
  if ("text" in step) return wire.text(step.text, turn);
  if ("reasoning" in step) return wire.reasoning(step.reasoning, turn);
  if ("call" in step) return wire.calls([step], turn);
  if ("calls" in step) return wire.calls(step.calls, turn);
  if ("error" in step) return [wire.failed(step.error)];
  return "raw" in step ? [step.raw] : [];
}

export type WireTurn = { model: string; calls: number; index: number; request: unknown };

const OTHERWISE: Turn = [{ text: "All right." }];

/** Starts a fake on 127.0.0.1; port 0 takes a free one. */
export async function startFake(wire: Wire, script: Script = {}, port = 0): Promise<FakeServer> {
  let current = script;
  let next = 0;
  const requests: RecordedRequest[] = [];
  const running = { now: 0, most: 0 };

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const path = (request.url ?? "/").split("?")[0] ?? "/";
      requests.push({ method: request.method ?? "GET", path, headers: request.headers, body });
      if (path.startsWith("/__")) return control(path, body, response);
      if (!wire.chatPaths.includes(path)) return plain(path, body, response);
      const turn =
        current.turns?.[next++] ??
        current.decide?.(JSON.parse(body)) ??
        current.otherwise ??
        OTHERWISE;
      running.most = Math.max(running.most, ++running.now);
      response.once("close", () => running.now--);
      return play({ wire, turn, body, script: current }, response);
    });
  });

  /** For tests that run the fake as a program. */
  function control(path: string, body: string, response: ServerResponse): void {
    if (path === "/__script") {
      current = parseScript(body);
      next = 0;
    }
    sendJson(response, 200, path === "/__requests" ? requests : { ok: true });
  }

  function plain(path: string, body: string, response: ServerResponse): void {
    const own = current.routes?.[path];
    const answer = own === undefined ? wire.answer(path, body, current) : { body: own };
    if (!answer) sendJson(response, 404, "404 page not found");
    else sendJson(response, answer.status ?? 200, answer.body);
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo; // of a TCP listener it is always this
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    running,
    chats: () =>
      requests.filter(({ path }) => wire.chatPaths.includes(path)).map(({ body }) => body),
    play: (script) => {
      current = script;
      next = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function play(
  { wire, turn, body, script }: { wire: Wire; turn: Turn; body: string; script: Script },
  response: ServerResponse,
): Promise<void> {
  const { chunkBytes, betweenMs = 0 } = script;
  const request: unknown = JSON.parse(body);
  const { model = "" } = request as { model?: string }; // a fake trusts its tests
  const state: WireTurn = { model, calls: 0, index: 0, request };
  for (const step of turn) {
    if (response.destroyed) return;
    if ("status" in step) {
      response.writeHead(step.status, { "content-type": step.type ?? "application/json" });
      response.end(step.body);
      return;
    }
    if (!response.headersSent) {
      response.writeHead(200, { "content-type": wire.contentType });
      response.flushHeaders();
    }
    if ("delayMs" in step) await pause(step.delayMs);
    else if ("hang" in step) return;
    else if ("hex" in step) response.write(Buffer.from(step.hex, "hex"));
    else if ("cut" in step) {
      // The head and what was written must be on their way before the connection breaks.
      await pause(5);
      if (step.cut === "quietly") response.end();
      else response.destroy();
      return;
    } else if ("end" in step) {
      await write(response, wire.write(step, state).join(""), chunkBytes);
      response.end();
      return;
    } else {
      for (const chunk of wire.write(step, state)) {
        await write(response, chunk, chunkBytes);
        if (betweenMs > 0) await pause(betweenMs);
      }
      if ("error" in step) {
        response.end();
        return;
      }
    }
  }
  if (!response.headersSent) response.writeHead(200, { "content-type": wire.contentType });
  await write(response, wire.write("end", state).join(""), chunkBytes);
  response.end();
}

async function write(response: ServerResponse, text: string, chunkBytes?: number): Promise<void> {
  const bytes = Buffer.from(text);
  const size = chunkBytes ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size));
    // Each piece goes out by itself: the reader must not be helped by the kernel joining them.
    if (chunkBytes) await new Promise((resolve) => setImmediate(resolve));
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  response.writeHead(status, { "content-type": type });
  response.end(text);
}

const parseScript = (text: string) => JSON.parse(text) as Script; // a fake trusts its tests

/** Text as a model gives it: in small pieces, each with the space before its word. */
export const toTokens = (text: string) => text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text ? [text] : []);

/** `node test/fakes/NAME.ts [--port N] [--script FILE]`: serves until it is killed. */
export async function runFake(wire: Wire): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "0" }, script: { type: "string" } },
  });
  const script = values.script ? parseScript(readFileSync(values.script, "utf8")) : {};
  const server = await startFake(wire, script, Number(values.port));
  console.log(JSON.stringify({ url: server.url }));
}
