import { entry } from "./entry.ts";

export const cliFaults = {
  USAGE: entry<{ detail: string; command: string }>({
    status: 400,
    exit: 2,
    message: ({ detail }) => `Cannot run this: ${detail}`,
    fix: ({ command }) => `See \`${command} --help\``,
  }),
  IMAGE_UNUSABLE: entry<{ path: string; detail: string }>({
    status: 400,
    exit: 2,
    message: ({ path, detail }) => `Cannot send the image "${path}": ${detail}`,
    fix: () => "Give the path of a PNG, JPEG, WebP or GIF file of at most 5 MiB",
  }),
  SESSION_REMOVE_UNASKED: entry<{ session: string }>({
    status: 409,
    exit: 2,
    message: ({ session }) =>
      `Cannot ask whether to delete "${session}": nobody sits at this terminal`,
    fix: () => "Say so with `--yes`",
  }),
  GATEWAY_NOT_RUNNING: entry<{ home: string }>({
    status: 503,
    exit: 3,
    message: ({ home }) => `Cannot reach the gateway: none runs on "${home}"`,
    fix: () =>
      "Start it with `isopod gateway start`, or in this terminal with `isopod gateway run`",
  }),
  GATEWAY_SILENT: entry<{ address: string; detail: string }>({
    status: 502,
    exit: 3,
    message: ({ address, detail }) => `Cannot talk to the gateway at ${address}: ${detail}`,
    fix: () => "Look at $ISOPOD_HOME/gateway.log, then run `isopod gateway restart`",
  }),
  GATEWAY_RUNNING: entry<{ url: string }>({
    status: 409,
    exit: 2,
    message: ({ url }) => `Cannot start a second gateway: one runs at ${url}`,
    fix: () => "Use the running one, or stop it with `isopod gateway stop`",
  }),
  GATEWAY_DID_NOT_START: entry<{ seconds: number; log: string }>({
    status: 500,
    exit: 1,
    message: ({ seconds }) => `Cannot start the gateway: it was not ready within ${seconds} s`,
    fix: ({ log }) => `Look at the end of "${log}"`,
  }),
  GATEWAY_DID_NOT_STOP: entry<{ pid: number; seconds: number }>({
    status: 500,
    exit: 1,
    message: ({ pid, seconds }) =>
      `Cannot stop the gateway: process ${pid} still runs after ${seconds} s`,
    fix: ({ pid }) => `End it with \`kill -9 ${pid}\`; nothing that was acknowledged is lost`,
  }),
};
