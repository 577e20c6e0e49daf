import { entry } from "./entry.ts";

export const gatewayFaults = {
  REQUEST_INVALID: entry<{ where: string; detail: string }>({
    status: 400,
    exit: 2,
    message: ({ where, detail }) => `Cannot read the request: ${where}: ${detail}`,
    fix: () => "Correct the request; docs/api.md shows each route with its fields",
  }),
  REQUEST_TOO_LARGE: entry<{ limitBytes: number }>({
    status: 413,
    exit: 2,
    message: ({ limitBytes }) =>
      `Cannot take the request: its body is larger than ${limitBytes.toLocaleString("en")} bytes`,
    fix: () => "Send less at once, or put the text into a file of the workspace and name the file",
  }),
  REQUEST_SLOW: entry<{ seconds: number }>({
    status: 408,
    exit: 3,
    message: ({ seconds }) =>
      `Cannot wait longer for the request: its body did not come within ${seconds} s`,
    fix: () => "Send it again over a faster connection, or send less at once",
  }),
  METHOD_REFUSED: entry<{ method: string; allowed: string }>({
    status: 405,
    exit: 2,
    message: ({ method, allowed }) => `Cannot do "${method}" here: this path takes ${allowed}`,
    fix: () => "Use a method that docs/api.md shows for this path",
  }),
  HOST_REFUSED: entry<{ host: string }>({
    status: 421,
    exit: 2,
    message: ({ host }) =>
      `Cannot answer under the name "${host}": it is not a name of this gateway`,
    fix: () => "Use http://127.0.0.1:<port>, or add the name to gateway.hosts and restart",
  }),
  ORIGIN_REFUSED: entry<{ origin: string }>({
    status: 403,
    exit: 2,
    message: ({ origin }) =>
      `Cannot answer a page of "${origin}": it is not a page of this gateway`,
    fix: () =>
      "Open the gateway's own address, or add the page's origin to gateway.origins and restart",
  }),
  STREAMS_FULL: entry<{ limit: number }>({
    status: 429,
    exit: 1,
    message: ({ limit }) =>
      `Cannot open another event stream: this key or device has ${limit} open already`,
    fix: () => "Close one of them, or make another key with `POST /api/keys`",
  }),
  STREAM_STALLED: entry<{ seconds: number }>({
    status: 408,
    exit: 3,
    message: ({ seconds }) => `Cannot go on: nobody read the answer for ${seconds} s`,
    fix: () => "Ask again, and read the answer as it comes",
  }),
  GATEWAY_BUSY: entry<{ what: string }>({
    status: 503,
    exit: 3,
    message: ({ what }) => `Cannot answer now: ${what}`,
    fix: () => "Try again in a moment; `isopod gateway status` shows whether it runs",
  }),
  APP_MISSING: entry({
    status: 503,
    exit: 2,
    message: () => "Cannot show the web app: it has not been built",
    fix: () => "Run `npm run prepare` in Isopod's folder, then reload this page",
  }),
  BIND_REFUSED: entry<{ bind: string }>({
    status: 500,
    exit: 2,
    message: ({ bind }) =>
      `Cannot listen for "${bind}": other machines are let in over TLS only, which is not there yet`,
    fix: () => 'Set gateway.bind to "loopback" or "unix", or remove it',
  }),
};
