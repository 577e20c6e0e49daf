/**
 * A gateway for the page's tests: it speaks `src/protocol/api.ts` on a free port, serves `web/dist` under the
 * strict policy, keeps everything in memory, and says what a test tells it to say, when it tells it to.
 */

import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { ApprovalDecision, type Me, type SessionDetail } from "../../src/protocol/api.ts";
import type {
  Decision,
  AppEvent,
  ApprovalRequest,
  SessionMessage,
  SessionSummary,
  Status,
  TurnEvent,
} from "../../src/protocol/event.ts";
import type { Refusal } from "./app-http.ts";
import { readBody, refuse, send, sendFile } from "./app-http.ts";
import { demonstration, foundModels } from "./app-scene.ts";

export const CODE = "KQ7M-2XVD";
const PROOF = "proof-of-this-device";
const COOKIE = "isopod=cookie-of-this-device";
const POLICY =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
type Message = SessionMessage & { session: string };
/** A turn as a test plays it: `emit` goes to the stream alone, `store` also into the session. */
export type Play = {
  session: string;
  turn: string;
  text: string;
  signal: AbortSignal;
  emit(event: TurnEvent): void;
  store(message: Body): void;
  /** Asks, and resolves with what a person decides. */
  ask(approval: Pick<ApprovalRequest, "tool" | "why" | "command" | "lasting">): Promise<Decision>;
};
/** Distributes over the union, which plain `Omit` would merge. */
type Body = SessionMessage extends infer M
  ? M extends M
    ? Omit<M, "id" | "turn" | "at">
    : never
  : never;

export type AppGateway = Awaited<ReturnType<typeof openAppGateway>>;

export async function openAppGateway(dist: string) {
  const epoch = crypto.randomUUID().slice(0, 12);
  const events: { cursor: string; event: AppEvent }[] = [];
  const streams = new Set<ServerResponse>();
  const sessions = new Map<string, SessionSummary>();
  const messages: Message[] = [];
  const keys = new Map<string, { turn: string; message: string }>();
  const queues = new Map<string, Promise<void>>();
  const running = new Map<string, { turn: string; events: TurnEvent[]; stop: AbortController }>();
  const asked = new Map<string, { request: ApprovalRequest; answer: (d: Decision) => void }>();
  let count = 0;
  const id = (prefix: string) => `${prefix}_${String(++count).padStart(6, "0")}`;

  const cursor = () => `${epoch}:${events.length}`;
  const publish = (event: AppEvent) => {
    events.push({ cursor: `${epoch}:${events.length + 1}`, event });
    for (const stream of streams) stream.write(frame(cursor(), event));
  };
  const touch = (session: string, change: Partial<SessionSummary>) => {
    const old = sessions.get(session);
    if (!old) return;
    sessions.set(session, { ...old, updatedAt: Date.now(), ...change });
    publish({ type: "session", session: { ...old, updatedAt: Date.now(), ...change } });
  };
  const store = (session: string, turn: string, body: Body): string => {
    // The parts of one union member, put together again.
    const message = { ...body, id: id("msg"), turn, at: Date.now() } as SessionMessage;
    messages.push({ ...message, session });
    const live = running.get(session);
    if (live && message.role !== "user") live.events = [];
    publish({ type: "message", session, turn, message });
    return message.id;
  };

  const play = async (session: string, turn: string, text: string) => {
    const stop = new AbortController();
    const state = { turn, events: [] as TurnEvent[], stop };
    running.set(session, state);
    const emit = (event: TurnEvent) => {
      state.events.push(event);
      publish({ type: "turn", session, turn, event });
    };
    const ask: Play["ask"] = (approval) =>
      new Promise((answer) => {
        const request = { ...approval, id: id("apr"), session, expiresAt: Date.now() + 300_000 };
        asked.set(request.id, { request, answer });
        emit({ type: "approval", approval: request });
      });
    const { signal } = stop;
    try {
      await gateway.script({
        session,
        turn,
        text,
        signal,
        emit,
        ask,
        store: (m) => void store(session, turn, m),
      });
      emit({ type: "done", reason: "stop" });
    } catch (error) {
      if (!signal.aborted) throw error;
      const fault = { code: "TURN_STOPPED", message: "Stopped: the turn was ended by a person" };
      emit({ type: "failed", ...fault, fix: "Send another message to go on" });
      store(session, turn, { role: "notice", code: fault.code, text: fault.message });
    } finally {
      running.delete(session);
      touch(session, { busy: false });
    }
  };

  /** The images of messages, by the path that serves them. */
  const pictures = new Map<string, Sent>();
  const submit = (session: string, text: string, images: Sent[], key: string) => {
    const known = keys.get(key);
    if (known) return known;
    const turn = id("turn");
    const shown = images.map(({ name, mediaType }) => ({ name, mediaType }));
    const message = store(session, turn, {
      role: "user",
      text,
      ...(shown.length > 0 && { images: shown }),
    });
    images.forEach((image, at) =>
      pictures.set(`/api/sessions/${session}/messages/${message}/images/${at}`, image),
    );
    const accepted = { turn, message };
    keys.set(key, accepted);
    const title = sessions.get(session)?.title || text.slice(0, 60);
    touch(session, { busy: true, title });
    const before = queues.get(session) ?? Promise.resolve();
    queues.set(
      session,
      before.then(() => play(session, turn, text)),
    );
    return accepted;
  };

  const routes: Record<string, (match: Match) => unknown> = {
    "GET /api/me": () => gateway.me,
    "GET /api/status": () => gateway.status,
    "GET /api/models": () => gateway.models,
    "POST /api/models/use": ({ body }) => {
      const model = gateway.models.models.find(({ ref }) => ref === body["model"]);
      if (!model) return refuse(404, "MODEL_MISSING", "Cannot use it: it is not there");
      gateway.models = { ...gateway.models, current: model.ref };
      return gateway.setStatus({
        model: {
          ref: model.ref,
          locality: "device",
          contextTokens: 32_768,
          tools: true,
          demonstration: model.demonstration,
          why: "A person chose it.",
        },
      });
    },
    "PUT /api/mode": ({ body }) =>
      gateway.modeFault ?? gateway.setStatus({ mode: body["mode"] as Status["mode"] }),
    "GET /api/sessions": () => ({ sessions: [...sessions.values()] }),
    "POST /api/sessions": () => {
      const now = Date.now();
      const session = { id: id("ses"), title: "", createdAt: now, updatedAt: now, busy: false };
      sessions.set(session.id, session);
      publish({ type: "session", session });
      return session;
    },
    "GET /api/sessions/:id": ({ id }): SessionDetail | Refusal => {
      const session = sessions.get(id);
      if (!session) return refuse(404, "NOT_FOUND", `Cannot find the session "${id}"`);
      const mine = messages.filter((message) => message.session === id);
      const live = running.get(id);
      return {
        session,
        messages: mine,
        live: live ? { turn: live.turn, events: [...live.events] } : null,
        cursor: cursor(),
      };
    },
    "PATCH /api/sessions/:id": ({ id, body }) => {
      touch(id, { title: String(body["title"]) });
      return sessions.get(id);
    },
    "DELETE /api/sessions/:id": ({ id }) => {
      sessions.delete(id);
      publish({ type: "session-deleted", session: id });
      return {};
    },
    "POST /api/sessions/:id/messages": ({ id, body }) =>
      gateway.messageFault ?? {
        session: id,
        ...submit(
          id,
          String(body["text"]),
          (body["images"] ?? []) as Sent[], // the page's own
          String(body["key"]),
        ),
      },
    "POST /api/sessions/:id/stop": ({ id }) => {
      running.get(id)?.stop.abort();
      return { stopped: running.has(id) };
    },
    "GET /api/approvals": () => ({ approvals: [...asked.values()].map(({ request }) => request) }),
    "POST /api/approvals/:id": ({ id, body }) => {
      const open = asked.get(id);
      if (!open) return refuse(404, "NOT_FOUND", "Cannot find this question");
      asked.delete(id);
      const { decision } = ApprovalDecision.parse(body);
      const { session } = open.request;
      const turn = running.get(session)?.turn ?? "";
      publish({ type: "turn", session, turn, event: { type: "approval-decided", id, decision } });
      open.answer(decision);
      return {};
    },
  };

  const follow = (after: string | null, response: ServerResponse) => {
    gateway.streamsOpened.push(after);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":\n\n");
    const [run, seq] = (after ?? cursor()).split(":");
    if (run !== epoch) response.write(frame(cursor(), { type: "resync" }));
    else
      for (const past of events.slice(Number(seq))) response.write(frame(past.cursor, past.event));
    streams.add(response);
    response.on("close", () => streams.delete(response));
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    gateway.requests.push(`${request.method} ${request.url}`);
    if (gateway.hasPolicy) response.setHeader("content-security-policy", POLICY);
    if (!url.pathname.startsWith("/api/")) return sendFile(dist, url.pathname, response);
    const body = await readBody(request);
    if (url.pathname === "/api/pair") {
      if (body["code"] !== CODE) {
        const words = "Cannot pair: this code is wrong, was used, or has expired";
        return send(response, refuse(401, "PAIRING_REFUSED", words));
      }
      gateway.devices.push(String(body["device"]));
      response.setHeader("set-cookie", `${COOKIE}; HttpOnly; SameSite=Strict; Path=/`);
      return send(response, { person: "Kim", device: body["device"], proof: PROOF });
    }
    const isPaired =
      !gateway.isRevoked &&
      request.headers["x-isopod-device"] === PROOF &&
      request.headers.cookie?.includes(COOKIE);
    if (!isPaired) return send(response, refuse(401, "AUTH_REFUSED", "This device is not known"));
    if (url.pathname === "/api/events") return follow(url.searchParams.get("after"), response);
    const picture = pictures.get(url.pathname);
    if (picture) {
      response.setHeader("content-type", picture.mediaType);
      return void response.end(Buffer.from(picture.data, "base64"));
    }
    const [, area, object = "", act] = /^\/api\/(\w+)\/?([^/]*)(\/\w+)?$/.exec(url.pathname) ?? [];
    const path = `${request.method} /api/${area}`;
    const exact = routes[`${request.method} ${url.pathname}`];
    const route = exact ?? routes[`${path}/:id${act ?? ""}`];
    if (!route) return send(response, refuse(404, "NOT_FOUND", `No route ${path}`));
    send(response, await route({ id: object, body }));
  });

  const gateway = {
    url: "",
    /** What the next turns do. */
    script: async (_play: Play): Promise<void> => {},
    me: {
      person: { id: "per_1", name: "Kim" },
      device: "dev_1",
      scopes: ["chat", "read", "approve", "admin"],
    } as Me,
    status: demonstration,
    models: foundModels,
    modeFault: undefined as Refusal | undefined,
    messageFault: undefined as Refusal | undefined,
    isRevoked: false,
    /** False shows what the page's own defences do when the browser's are away. */
    hasPolicy: true,
    devices: [] as string[],
    /** Every request as "METHOD /path?query", in order. */
    requests: [] as string[],
    /** The cursor that each event stream began after. */
    streamsOpened: [] as (string | null)[],
    openStreams: () => streams.size,
    messages,
    sessions,
    setStatus: (change: Partial<Status>): Status => {
      gateway.status = { ...gateway.status, ...change };
      publish({ type: "status", status: gateway.status });
      return gateway.status;
    },
    /** A session as it stood before the test. */
    addSession: (
      title: string,
      updatedAt: number,
      bodies: (Body & { turn: string })[],
      more: { private?: boolean } = {},
    ): string => {
      const session = {
        id: id("ses"),
        title,
        createdAt: updatedAt,
        updatedAt,
        busy: false,
        ...more,
      };
      sessions.set(session.id, session);
      for (const body of bodies) {
        messages.push({ ...body, id: id("msg"), at: updatedAt, session: session.id } as Message);
      }
      return session.id;
    },
    /** Cuts every open event stream, as a network would. */
    cut: () => streams.forEach((stream) => stream.destroy()),
    /** Stops listening; `listen` on the same port brings it back. */
    goAway: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: () =>
      new Promise<void>((resolve) =>
        server.listen(Number(new URL(gateway.url).port), "127.0.0.1", resolve),
      ),
    close: async () => {
      for (const { stop } of running.values()) stop.abort();
      await gateway.goAway();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  gateway.url = `http://127.0.0.1:${port}`;
  return gateway;
}

/** An image as the page sends it. */
type Sent = { name: string; mediaType: string; data: string };
type Match = { id: string; body: Record<string, unknown> };
const frame = (cursor: string, event: AppEvent): string =>
  `id: ${cursor}\ndata: ${JSON.stringify(event)}\n\n`;
