/**
 * Everything the page knows, as signals, and everything it can do, as functions. The gateway holds the
 * truth: what is here was fetched from it, or came over the feed, and can be fetched anew at any time.
 */

import { batch, computed, signal } from "@preact/signals";

import type { FaultReport } from "../../../src/base/fault.ts";
import type { Me } from "../../../src/protocol/api.ts";
import type {
  AppEvent,
  ApprovalRequest,
  Decision,
  Mode,
  SessionSummary,
  Status,
} from "../../../src/protocol/event.ts";
import { texts } from "../texts.ts";
import type { Api } from "../wire/api.ts";
import { ApiFault } from "../wire/api.ts";
import type { LinkState } from "../wire/stream.ts";
import { foldApprovals } from "./approvals.ts";
import type { Attachment } from "./attachments.ts";
import { createCatchUp } from "./catch-up.ts";
import { createOpenThread } from "./open-thread.ts";
import type { Outbox, OutboxDeps, Outgoing } from "./outbox.ts";
import { sortSessions, withSession, withoutSession } from "./sessions.ts";
import type { ThreadView } from "./thread-view.ts";

export type Store = ReturnType<typeof createStore>;

export interface StoreDeps {
  api: Api;
  view: ThreadView;
  /** Runs a callback once, before the next picture; in order. */
  frame(run: () => void): void;
  createOutbox(hooks: Pick<OutboxDeps, "onChange" | "isShown">): Outbox;
  /** Puts the open session into the page's address. */
  onNavigate(session: string | null): void;
}

export function createStore({ api, view, frame, createOutbox, onNavigate }: StoreDeps) {
  const me = signal<Me | null>(null);
  const status = signal<Status | null>(null);
  const sessions = signal<readonly SessionSummary[] | null>(null);
  const approvals = signal<readonly ApprovalRequest[]>([]);
  const link = signal<LinkState>({ state: "connecting" });
  const outgoing = signal<readonly Outgoing[]>([]);
  const current = signal<string | null>(null);
  const loading = signal(false);
  const problem = signal<FaultReport | null>(null);

  const thread = createOpenThread(view);
  const outbox = createOutbox({
    // With the frame that shows the thread: a message must not vanish for one between the two.
    onChange: (list) => frame(() => (outgoing.value = list)),
    isShown: (session, message) => !thread.isOpen(session) || thread.hasMessage(message),
  });
  outgoing.value = outbox.list();

  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problem.value = toReport(error);
      return undefined;
    }
  };

  const dropSession = (id: string) => {
    sessions.value = withoutSession(sessions.peek() ?? [], id);
    approvals.value = approvals.peek().filter(({ session }) => session !== id);
    outbox.forget(id);
    if (current.peek() === id) show(null);
  };
  const show = (id: string | null) => {
    current.value = id;
    thread.close();
    onNavigate(id);
  };
  const apply = (cursor: string, event: AppEvent) => {
    thread.apply(cursor, event);
    if (event.type === "turn") {
      approvals.value = foldApprovals(approvals.peek(), event.session, event.event);
    }
    if (event.type === "message" && event.message.role === "user") {
      outbox.arrived(event.session, event.message);
    }
    if (event.type === "session") {
      sessions.value = withSession(sessions.peek() ?? [], event.session);
    }
    if (event.type === "session-deleted") dropSession(event.session);
    if (event.type === "status") status.value = event.status;
  };
  const catchUp = createCatchUp<{ cursor: string; event: AppEvent }>((items) =>
    batch(() => items.forEach(({ cursor, event }) => apply(cursor, event))),
  );

  const loadThread = async (id: string) => {
    loading.value = !thread.isOpen(id);
    try {
      const detail = await api.session(id);
      // The person may have gone on to another session meanwhile.
      if (current.peek() !== id) return;
      thread.load(detail);
      outbox.settle();
    } catch (error) {
      if (!(error instanceof ApiFault && error.status === 404)) throw error;
      problem.value = toReport(error);
      dropSession(id);
    } finally {
      if (current.peek() === id || current.peek() === null) loading.value = false;
    }
  };
  const loadAll = async () => {
    const open = current.peek();
    const [who, now, list, asked] = await Promise.all([
      api.me(),
      api.status(),
      api.sessions(),
      api.approvals(),
      open === null ? undefined : loadThread(open),
    ]);
    batch(() => {
      me.value = who;
      status.value = now;
      sessions.value = sortSessions(list.sessions);
      approvals.value = asked.approvals;
    });
  };

  return {
    me,
    status,
    sessions,
    approvals,
    link,
    outgoing,
    current,
    loading,
    problem,
    usage: thread.usage,
    runningTurn: thread.runningTurn,
    cells: view.cells,
    session: computed(() => sessions.value?.find(({ id }) => id === current.value) ?? null),

    onLink(next: LinkState) {
      link.value = next;
    },
    onEvent: (cursor: string, event: AppEvent) => catchUp.push({ cursor, event }),
    /** Fetches everything that is shown; called when the stream begins anew. */
    refresh: () => attempt(() => catchUp.during(loadAll)),

    async open(id: string | null) {
      if (current.peek() === id) return;
      show(id);
      // Without sessions nothing was fetched yet, and `refresh` will fetch this one too.
      if (id !== null && sessions.peek()) await attempt(() => catchUp.during(() => loadThread(id)));
    },
    /** Sends into the open session, or makes one first. False: that was refused, and the text is not taken. */
    async send(text: string, images: readonly Attachment[] = []): Promise<boolean> {
      let session = current.peek();
      if (session === null) {
        const created = await attempt(() => api.createSession());
        if (!created) return false;
        session = created.id;
        sessions.value = withSession(sessions.peek() ?? [], created);
        show(session);
        thread.begin(session);
      }
      outbox.send(session, text, images);
      return true;
    },
    retry: outbox.retry,
    withdraw: outbox.withdraw,
    stop: (session: string) => attempt(() => api.stop(session)),
    async rename(id: string, title: string) {
      const renamed = await attempt(() => api.renameSession(id, title));
      if (renamed) sessions.value = withSession(sessions.peek() ?? [], renamed);
    },
    async remove(id: string) {
      const done = await attempt(() => api.deleteSession(id));
      if (done !== undefined) dropSession(id);
    },
    async decide(id: string, decision: Decision) {
      const done = await attempt(() => api.decide(id, decision));
      if (done !== undefined) approvals.value = approvals.peek().filter((asked) => asked.id !== id);
    },
    // The panels that offer these three show what went wrong beside what was asked.
    models: () => api.models(),
    async selectModel(ref: string) {
      status.value = await api.selectModel(ref);
    },
    async setMode(mode: Mode) {
      status.value = await api.setMode(mode);
    },
  };
}

/** What a person is shown of anything thrown by the API. A bug of the page itself passes through. */
export function toReport(error: unknown): FaultReport {
  if (error instanceof ApiFault) {
    return { code: error.code, message: error.message, fix: error.fix };
  }
  if (error instanceof Error && error.name === "Unreachable") return texts.unreachable;
  throw error;
}
