/** A plain HTTP client, as any program has one: over TCP or a Unix socket, with any header one likes. */

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

export type Target = { socketPath: string } | { host: string; port: number };

export type Reply = { status: number; headers: IncomingHttpHeaders; text: string; json: Loose };

/** JSON that nobody has checked: tests look into it, and what is not there is undefined. */
export interface Loose {
  readonly [key: string]: Loose | undefined;
}

export type Ask = {
  headers?: Record<string, string>;
  /** An object is sent as JSON, bytes as they are. */
  body?: object | string | Uint8Array | AsyncIterable<Uint8Array>;
};

export type Client = ReturnType<typeof createClient>;

export const targetOf = (url: string): Target => ({
  host: new URL(url).hostname,
  port: Number(new URL(url).port),
});

export function createClient(target: Target, key: string) {
  const open = (method: string, path: string, { headers = {}, body }: Ask = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const isJson = typeof body === "object" && !isBytes(body) && !isStream(body);
      const outgoing = httpRequest(
        {
          ...target,
          method,
          path,
          agent: false,
          headers: {
            host: "localhost",
            ...(key && { authorization: `Bearer ${key}` }),
            ...(body !== undefined && { "content-type": "application/json" }),
            // A server that was told that this is the last request may close before all of it came.
            ...(isStream(body) && { connection: "keep-alive" }),
            ...headers,
          },
        },
        resolve,
      );
      outgoing.once("error", reject);
      if (isStream(body)) void pour(body, outgoing);
      else outgoing.end(isJson ? JSON.stringify(body) : body);
    });

  const ask = async (method: string, path: string, more?: Ask): Promise<Reply> => {
    const response = await open(method, path, more);
    const text = await readAll(response);
    response.socket.destroy();
    const { statusCode: status = 0, headers } = response;
    return { status, headers, text, json: parse(text) };
  };

  /** The `data:` of server-sent events. */
  async function* stream(method: string, path: string, more?: Ask): AsyncGenerator<string> {
    const response = await open(method, path, more);
    let rest = "";
    for await (const chunk of response.setEncoding("utf8")) {
      const blocks = `${rest}${chunk}`.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: ?(.*)$/m.exec(block)?.[1];
        if (data !== undefined) yield data;
      }
    }
  }

  return {
    open,
    ask,
    stream,
    get: (path: string) => ask("GET", path),
    post: (path: string, body: object = {}) => ask("POST", path, { body }),
    async newSession(more: object = {}): Promise<string> {
      return String((await ask("POST", "/api/sessions", { body: more })).json["id"]);
    },
    say: (session: string, text: string, more: object = {}) =>
      ask("POST", `/api/sessions/${session}/messages`, { body: { text, ...more } }),
    /** The events after a cursor, up to the first that fits. */
    async until(cursor: string, fits: (event: Loose) => boolean): Promise<Loose[]> {
      const seen: Loose[] = [];
      for await (const data of stream("GET", `/api/events?after=${cursor}`)) {
        const event = parse(data);
        seen.push(event);
        if (fits(event)) return seen;
      }
      throw new Error(`The events ended too soon: ${JSON.stringify(seen)}`);
    },
  };
}

const isBytes = (body: unknown): body is Uint8Array => body instanceof Uint8Array;

const isStream = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === "object" && body !== null && Symbol.asyncIterator in body;

async function pour(
  body: AsyncIterable<Uint8Array>,
  outgoing: ReturnType<typeof httpRequest>,
): Promise<void> {
  outgoing.on("error", () => {}); // whoever refuses a body hangs up before its end
  let isAnswered = false;
  outgoing.once("response", () => (isAnswered = true));
  for await (const chunk of body) {
    // As most clients do: who has the answer already says no more.
    if (outgoing.destroyed || isAnswered) break;
    outgoing.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  outgoing.end();
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

function parse(text: string): Loose {
  try {
    return JSON.parse(text) as Loose;
  } catch {
    return {}; // a page, or Prometheus text: whoever wants it takes `text`
  }
}
