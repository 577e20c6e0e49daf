/**
 * A whole gateway on a free port of this machine, with the real store and the real auth, and an agent that
 * follows a script. Kim is its owner, Lee a member.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { getRequestListener } from "@hono/node-server";

import { createAuth } from "../../src/auth/create-auth.ts";
import { createWebAuth } from "../../src/auth/web-auth.ts";
import { systemClock, type Clock } from "../../src/base/clock.ts";
import { Fault } from "../../src/base/fault.ts";
import type { Log } from "../../src/base/log.ts";
import { createAppChannel } from "../../src/channels/app/app.ts";
import { createHub, type HubLimits } from "../../src/channels/hub.ts";
import { createInbox } from "../../src/channels/inbox.ts";
import type { Gate } from "../../src/gateway/gate.ts";
import { createContextReport } from "../../src/agent/prefix/context-report.ts";
import { createCostReport } from "../../src/models/cost/cost-report.ts";
import { costSetting } from "../../src/models/cost/settings.ts";
import { createMetrics } from "../../src/gateway/metrics.ts";
import { gatewayRoutes } from "../../src/gateway/routes.ts";
import { createGateway } from "../../src/gateway/server.ts";
import { createSite } from "../../src/gateway/site.ts";
import type { Candidate } from "../../src/models/candidate.ts";
import type { ChatEvent, ChatRequest, Provider } from "../../src/models/provider.ts";
import { SCOPES, type Scope } from "../../src/protocol/api.ts";
import type { Status } from "../../src/protocol/event.ts";
import type { ModeReport } from "../../src/protocol/reach.ts";
import type { Route } from "../../src/protocol/route.ts";
import { createStore } from "../../src/store/sqlite.ts";
import { createFakeServices, QUEUE } from "./services.ts";
import { createScriptedAgent } from "./agent.ts";
import { createFakeConfigRoutes } from "./config-routes.ts";
import { createFakeDocuments } from "./documents.ts";
import { createFakeKeeping, NO_ENGINE, NO_FIT } from "./keeping.ts";
import { createFakeProbing } from "./probing.ts";

export type TestGatewayOptions = {
  clock?: Clock;
  hubLimits?: HubLimits;
  gate?: Partial<Gate>;
  bodyTimeoutMs?: number;
  site?: string;
  routes?: Route[];
  /** What the one model, "fake/model", answers. */
  chat?: (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;
  /** What it makes of texts; it makes nothing of them without this. */
  embed?: Provider["embed"];
  unready?: string[];
};

export type TestGateway = Awaited<ReturnType<typeof openTestGateway>>;

export const status: Status = {
  version: "0.0.0",
  mode: "private",
  link: { state: "unknown", reason: "a default route over eth0", since: 1_700_000_000_000 },
  model: null,
  sandbox: { ok: true, name: "bubblewrap" },
  workspace: "/workspace",
  privateWorkspaces: "/private",
  notes: [],
};

export const modeReport: ModeReport = {
  mode: "private",
  kept: "private",
  cap: "internet",
  until: null,
  setBy: null,
  setAt: null,
  limits: [{ by: "default", text: "nobody has set a mode, so it is private" }],
  link: { ...status.link, override: null },
};

export async function openTestGateway(options: TestGatewayOptions = {}) {
  const clock = options.clock ?? systemClock;
  const store = await createStore({ folder: ":memory:", clock });
  const hub = createHub(options.hubLimits);
  const agent = createScriptedAgent({ store, hub });
  const inbox = createInbox({ agent, sessions: store.sessions, hub });
  const metrics = createMetrics();
  const home = await mkdtemp(join(tmpdir(), "isopod-gateway-"));
  let url = "http://127.0.0.1:1";
  const own = await createAuth({ records: store.auth, clock, homeFolder: home });
  const auth = createWebAuth(own, () => new URL(url));
  const lee = await own.addPerson(own.gateway, "Lee");
  const logged: { level: string; facts: object; text: string }[] = [];
  const app = createAppChannel({
    agent,
    sessions: store.sessions,
    turns: store.turns,
    hub,
    clock,
    checkModel: async ({ picked }) => void findModel(picked, options),
  });
  const did: string[] = [];
  /** Who set the mode, by id. */
  const setters: string[] = [];
  const gateway = createGateway({
    auth,
    gate: { hosts: [], origins: [], ...options.gate },
    metrics,
    clock,
    log: keepingLog(logged),
    site: createSite(options.site ?? "/nonexistent"),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
    routes: [
      ...(options.routes ?? []),
      ...app.routes,
      ...createFakeConfigRoutes(),
      ...gatewayRoutes({
        auth,
        agent,
        inbox,
        hub,
        sessions: store.sessions,
        responses: store.responses,
        metrics,
        clock,
        log: keepingLog(logged),
        router: { route: async ({ picked = "" }) => [findModel(picked, options)] },
        agents: ["coder"],
        startedAt: clock.now(),
        version: "0.0.0",
        openStreams: app.openStreams,
        queues: () => [QUEUE],
        services: createFakeServices(did),
        unready: async () => options.unready ?? [],
        status: async () => status,
        models: async () => ({ models: [MODEL_ROW], current: null, why: "", faults: [] }),
        keeping: createFakeKeeping(did),
        probing: createFakeProbing(did),
        fit: async () => NO_FIT,
        engine: NO_ENGINE,
        documents: createFakeDocuments(store.documents),
        useModel: async (ref) => void did.push(`use ${ref}`),
        readMode: async () => modeReport,
        setMode: async (mode, { by, term }) => {
          const forMs = typeof term === "object" ? ` for ${term.forMs} ms` : "";
          const until = term === "restart" ? " until restart" : "";
          did.push(`mode ${mode}${forMs}${until}`);
          setters.push(by);
        },
        setLink: async (said) => void did.push(`link ${said ?? "auto"}`),
        checkLink: async (host) => {
          did.push(`check ${host ?? "the first"}`);
          return {
            host: "api.example:443",
            setting: "network.allow",
            ok: true,
            steps: [],
            link: status.link,
          };
        },
        ledger: async () => [],
        egressPolicy: () => ({ mode: "private", cap: "internet", entries: [] }),
        readContext: createContextReport({
          sessions: store.sessions,
          slotAdvice: async () => "Give it more slots",
        }),
        checkWindow: async (model = "fake/model") => ({
          ref: model,
          contextTokens: 8192,
          heldTokens: 8192,
          state: "whole",
          slots: "kept",
          at: 1,
        }),
        cost: createCostReport({
          spending: store.spending,
          spent: () => ({ day: 0.5, month: 3 }),
          settings: costSetting.schema.parse({ budget: { perMonth: 10 } }),
          comparison: { ref: "cloud/large", price: { input: 1, output: 2 } },
          isOwner: async (person) => (await store.auth.person(person))?.role === "owner",
          clock,
        }),
        runChecks: async (fix) => (did.push(`checks ${fix}`), []),
        requestStop: () => void did.push("stop"),
      }),
    ],
  });
  await app.start(inbox);

  const server = createServer(
    getRequestListener((request, { incoming }) =>
      gateway.answer(request, incoming.socket.remoteAddress ?? "unix"),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  url = `http://127.0.0.1:${port}`;

  /** A key of theirs with these scopes; by default all that they may have. */
  const keyOf = async (
    person: "kim" | "lee",
    scopes: readonly Scope[] = person === "kim" ? SCOPES : ["chat", "read", "approve"],
  ) => {
    const by = person === "kim" ? own.gateway : { ...own.gateway, person: lee.id };
    return own.createKey(by, { name: "test", scopes: [...scopes] });
  };
  const keys = { kim: (await keyOf("kim")).key, lee: (await keyOf("lee")).key };

  /** One request by Kim with all scopes, or with another key; `as: ""` shows none. */
  const call = async (
    method: string,
    path: string,
    more: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(more.as === "" ? {} : { authorization: `Bearer ${more.as ?? keys.kim}` }),
        ...(more.body === undefined ? {} : { "content-type": "application/json" }),
        ...more.headers,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };

  return {
    url,
    port,
    gateway,
    store,
    hub,
    agent,
    inbox,
    metrics,
    auth,
    logged,
    did,
    setters,
    app,
    call,
    keyOf,
    keys,
    kim: own.gateway.person,
    lee: lee.id,
    close: async () => {
      await app.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.close();
      await store.close();
      await rm(home, { recursive: true });
    },
  };
}

export const MODEL_ROW = {
  ref: "fake/model",
  provider: "fake",
  locality: "device",
  contextTokens: 8192,
  scorecard: null,
  demonstration: false,
  usable: true,
};

function findModel(ref: string, { chat, embed }: TestGatewayOptions): Candidate {
  if (ref !== "fake/model") {
    throw new Fault("MODEL_MISSING", { provider: "fake", model: ref });
  }
  return {
    ref,
    provider: {
      id: "fake",
      baseUrl: "http://127.0.0.1:1",
      listModels: async () => [],
      chat: chat ?? sayHi,
      ...(embed && { embed }),
    },
    model: { id: "model", locality: "device" },
    locality: "device",
    contextTokens: 8192,
    params: { keep_alive: -1 },
    tools: true,
    demonstration: false,
    why: "it is the only one",
  };
}

async function* sayHi(): AsyncGenerator<ChatEvent> {
  yield { type: "text", text: "Hi" };
  yield { type: "done", reason: "stop", usage: { inputTokens: 5, outputTokens: 1 } };
}

/** Any JSON; tests look into it as they expect it to be. */
// eslint-disable-next-line typescript/no-explicit-any
type Json = any;

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepingLog(logged: { level: string; facts: object; text: string }[]): Log {
  const at = (level: string) => (facts: object, text: string) =>
    void logged.push({ level, facts, text });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
