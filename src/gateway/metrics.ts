/** What is counted while it happens: plain numbers. `prometheus.ts` writes them down when somebody asks. */

export type ChatEnd = {
  kind: "agent" | "session" | "model";
  outcome: "ok" | "failed" | "aborted";
  usage: { inputTokens: number; outputTokens: number } | undefined;
};

export interface Metrics {
  request(method: string, route: string, status: number): void;
  /** From the arrival of a request to the first piece of its answer. */
  firstToken(ms: number): void;
  /** Counts a chat as running until the returned function is called, once. */
  openChat(): (end: ChatEnd) => void;
  read(): Readonly<Counts>;
}

export type Counts = {
  requests: ReadonlyMap<string, { method: string; route: string; status: number; count: number }>;
  chats: ReadonlyMap<string, { kind: string; outcome: string; count: number }>;
  runningChats: number;
  firstTokens: { count: number; sumMs: number };
  inputTokens: number;
  outputTokens: number;
};

export function createMetrics(): Metrics {
  const requests = new Map<
    string,
    { method: string; route: string; status: number; count: number }
  >();
  const chats = new Map<string, { kind: string; outcome: string; count: number }>();
  const firstTokens = { count: 0, sumMs: 0 };
  let runningChats = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  return {
    request: (method, route, status) => {
      const key = `${method} ${route} ${status}`;
      const row = requests.get(key) ?? { method, route, status, count: 0 };
      row.count += 1;
      requests.set(key, row);
    },
    firstToken: (ms) => {
      firstTokens.count += 1;
      firstTokens.sumMs += ms;
    },
    openChat: () => {
      runningChats += 1;
      return ({ kind, outcome, usage }) => {
        runningChats -= 1;
        inputTokens += usage?.inputTokens ?? 0;
        outputTokens += usage?.outputTokens ?? 0;
        const row = chats.get(`${kind} ${outcome}`) ?? { kind, outcome, count: 0 };
        row.count += 1;
        chats.set(`${kind} ${outcome}`, row);
      };
    },
    read: () => ({ requests, chats, runningChats, firstTokens, inputTokens, outputTokens }),
  };
}
