import { entry } from "./entry.ts";

export const networkFaults = {
  EGRESS_BLOCKED: entry<{ host: string; mode: string; why: string; allow: string }>({
    status: 403,
    exit: 3,
    message: ({ host, mode, why }) => `Cannot connect to "${host}" in mode ${mode}: ${why}`,
    fix: ({ allow }) => allow,
  }),
  EGRESS_TIMEOUT: entry<{ host: string; seconds: number; what: string }>({
    status: 504,
    exit: 3,
    message: ({ host, seconds, what }) =>
      `Cannot wait longer for "${host}": no ${what} within ${seconds} s`,
    fix: () => "Raise models.providers.<id>.timeoutSeconds, or pick a smaller model",
  }),
  PORT_IN_USE: entry<{ address: string }>({
    status: 500,
    exit: 2,
    message: ({ address }) => `Cannot listen on ${address}: another program is using it`,
    fix: () =>
      "Stop the other program, or choose another port with ISOPOD_GATEWAY_PORT or gateway.port",
  }),
  LISTEN_FAILED: entry<{ address: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ address, detail }) => `Cannot listen on ${address}: ${detail}`,
    fix: () => "Correct gateway.bind and gateway.port, or remove them to use 127.0.0.1:18789",
  }),
};
