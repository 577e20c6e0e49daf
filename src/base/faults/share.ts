import { entry } from "./entry.ts";

/** Of the relay before a model server, and of sharing one with other devices. */
export const shareFaults = {
  RELAY_REQUEST_REFUSED: entry<{ why: string }>({
    status: 400,
    exit: 2,
    message: ({ why }) => `Cannot pass this request on: ${why}`,
    fix: () =>
      "Send a plain HTTP/1.1 request with one Host, one length and a path as it is written",
  }),
  RELAY_NOT_OFFERED: entry<{ route: string }>({
    status: 404,
    exit: 2,
    message: ({ route }) => `Cannot offer "${route}": the relay does not know it`,
    fix: () => "Use one of the routes that docs/sharing.md lists",
  }),
  RELAY_BODY_REFUSED: entry<{ path: string; why: string }>({
    status: 400,
    exit: 2,
    message: ({ path, why }) => `Cannot pass this request on: "${path}" ${why}`,
    fix: ({ path }) => `Correct "${path}" in the body of the request`,
  }),
  RELAY_TOO_LARGE: entry<{ limitBytes: number }>({
    status: 413,
    exit: 2,
    message: ({ limitBytes }) => `Cannot take a body of more than ${limitBytes} bytes`,
    fix: () => "Send a shorter conversation, or smaller images",
  }),
  RELAY_MODEL_MISSING: entry<{ model: string }>({
    status: 404,
    exit: 2,
    message: ({ model }) =>
      `Cannot use the model "${model}": it was not found among the local ones`,
    fix: () => "Choose one of the models that its listing shows",
  }),
  RELAY_BUSY: entry<{ why: string; seconds: number }>({
    status: 429,
    exit: 3,
    message: ({ why }) => `Cannot take more: ${why}`,
    fix: ({ seconds }) => `Wait ${seconds} s, then try again`,
  }),
  RELAY_SERVER_SILENT: entry<{ detail: string }>({
    status: 502,
    exit: 3,
    message: ({ detail }) => `Cannot reach the model server behind the relay: ${detail}`,
    fix: () => "Look at the device that shares it: `isopod share status` and `isopod doctor`",
  }),
  SHARE_KEY_REFUSED: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot answer: the request carries no token of a paired device",
    fix: () => "Pair anew: `isopod share pair` there, then `isopod models add` here",
  }),
  SHARE_PAIRING_REFUSED: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot pair: this code is wrong, was used, or has expired",
    fix: () => "Get a new code with `isopod share pair` on the device that shares",
  }),
  SHARE_SCOPE: entry<{ scope: string }>({
    status: 403,
    exit: 2,
    message: ({ scope }) => `Cannot do this: the device was paired without the scope "${scope}"`,
    fix: ({ scope }) => `Pair it anew with \`isopod share pair --scope ${scope}\``,
  }),
  SHARE_OFF: entry({
    status: 409,
    exit: 2,
    message: () => "Cannot do this: nothing is shared now",
    fix: () => "Start sharing with `isopod share start`",
  }),
  SHARE_SILENT: entry<{ detail: string }>({
    status: 500,
    exit: 1,
    message: ({ detail }) => `Cannot share as before: ${detail}`,
    fix: () => "Start it on an address that this machine has now: `isopod share start`, or stop it",
  }),
  SHARE_MODE: entry({
    status: 409,
    exit: 2,
    message: () => "Cannot share in mode device: no other machine is let in",
    fix: () => "Set the mode with `isopod mode set private`",
  }),
  SHARE_NOT_HERE: entry({
    status: 403,
    exit: 2,
    message: () => "Cannot change what is shared from another machine",
    fix: () => "Run the command on the machine whose models are shared",
  }),
  SHARE_ADDRESS: entry<{ detail: string; known: string }>({
    status: 400,
    exit: 2,
    message: ({ detail }) => `Cannot share there: ${detail}`,
    fix: ({ known }) => `Give an address of this machine with --address: ${known}`,
  }),
  SHARE_SERVER: entry<{ detail: string; known: string }>({
    status: 400,
    exit: 2,
    message: ({ detail }) => `Cannot share a model server: ${detail}`,
    fix: ({ known }) => `Give a server of this machine with --server: ${known}`,
  }),
  SHARE_LINK_INVALID: entry<{ detail: string }>({
    status: 400,
    exit: 2,
    message: ({ detail }) => `Cannot read where to pair: ${detail}`,
    fix: () => "Copy the line that `isopod share pair` printed on the other device",
  }),
  SHARE_FINGERPRINT: entry<{ host: string; found: string }>({
    status: 502,
    exit: 2,
    message: ({ host, found }) =>
      `Cannot pair with "${host}": its fingerprint is ${found}, another one than was given`,
    fix: () =>
      "Compare with what `isopod share status` shows there; where they differ, somebody stands in between",
  }),
  SHARE_UNREACHABLE: entry<{ url: string; detail: string }>({
    status: 502,
    exit: 3,
    message: ({ url, detail }) => `Cannot reach the shared models at ${url}: ${detail}`,
    fix: () => "Check the address there with `isopod share status`, and the network between",
  }),
  SHARE_STORE: entry<{ path: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ path, detail }) => `Cannot use Ollama's store "${path}": ${detail}`,
    fix: () => "Set OLLAMA_MODELS to the folder of its models, and run as a user who may use it",
  }),
  SHARE_DAMAGED: entry<{ what: string; detail: string }>({
    status: 502,
    exit: 1,
    message: ({ what, detail }) => `Cannot keep "${what}": ${detail}`,
    fix: () => "Run the same command again: what was whole is kept, the rest is fetched anew",
  }),
};
