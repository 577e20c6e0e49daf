/**
 * A request and its response, as listeners and the gateway hand them to each other. The Fetch standard's
 * shape, so that a test may hand in its classes; not its classes: Node's bring a whole HTTP client along,
 * which costs every start 50 ms and every gateway 16 MB.
 */

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: HttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the caller hangs up. */
  readonly signal: AbortSignal;
}

/** By name in lower case; what came several times is joined by commas. */
export interface HttpHeaders {
  get(name: string): string | null;
}

export type HttpBody = string | Uint8Array | ReadableStream<Uint8Array> | null;

export class HttpResponse {
  readonly body: HttpBody;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Map<string, string>;

  constructor(
    body: HttpBody,
    {
      status = 200,
      headers = {},
    }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.body = body;
    this.status = status;
    this.headers = new Map(Object.entries(headers));
  }
}

/** The bytes of a response that nobody sends over a wire. */
export async function* readBody(body: HttpBody): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  if (typeof body === "string") yield new TextEncoder().encode(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}
