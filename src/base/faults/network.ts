import { entry } from "./entry.ts";

export const networkFaults = {
  EGRESS_BLOCKED: entry<{ host: string; mode: string; why: string; allow: string }>({
    status: 403,
    exit: 3,
    message: ({ host, mode, why }) => `Cannot connect to "${host}" in mode ${mode}: ${why}`,
    fix: ({ allow }) => allow,
  }),
  EGRESS_URL_INVALID: entry<{ url: string }>({
    status: 400,
    exit: 2,
    message: ({ url }) => `Cannot read "${url}" as an address`,
    fix: () => "Write http://host:port, https://host, or unix:/path/to.sock:/path",
  }),
  EGRESS_PIN_MISMATCH: entry<{ host: string; found: string }>({
    status: 502,
    exit: 3,
    message: ({ host, found }) =>
      `Cannot trust "${host}": it shows another key than the pinned one (${found})`,
    fix: () =>
      "Ask whoever runs it: after a new key, pair anew with `isopod models add`; else somebody stands in between",
  }),
  EGRESS_TIMEOUT: entry<{ host: string; seconds: number; what: string }>({
    status: 504,
    exit: 3,
    message: ({ host, seconds, what }) =>
      `Cannot wait longer for "${host}": no ${what} within ${seconds} s`,
    fix: () => "Raise models.providers.<id>.timeoutSeconds, or pick a smaller model",
  }),
  EGRESS_POLICY_UNREADABLE: entry<{ file: string; detail: string }>({
    status: 400,
    exit: 2,
    message: ({ file, detail }) => `Cannot compare with "${file}": ${detail}`,
    fix: () => "Make one with `isopod egress policy --save`, or name a file made by `--json`",
  }),
  PORT_IN_USE: entry<{ address: string }>({
    status: 500,
    exit: 2,
    message: ({ address }) => `Cannot listen on ${address}: another program is using it`,
    fix: () =>
      "Stop the other program, or choose another port with ISOPOD_GATEWAY_PORT or gateway.port",
  }),
  GUARD_MISSING: entry({
    status: 500,
    exit: 2,
    message: () => "Cannot start without the guard: its preload was not loaded",
    fix: () => "Start with `isopod gateway run` or `npm start`, which load it first",
  }),
  GUARD_TAKEN: entry({
    status: 500,
    exit: 2,
    message: () => "Cannot start: something else took the doors of the guard first",
    fix: () => "Look for what was added to the program or to NODE_OPTIONS, and remove it",
  }),
  MODE_CAPPED: entry<{ mode: string; cap: string }>({
    status: 409,
    exit: 1,
    message: ({ mode, cap }) =>
      `Cannot set mode ${mode}: \`offline: true\` in the config allows ${cap} at most`,
    fix: ({ mode }) =>
      `Remove \`offline: true\` from the config, restart, then type \`isopod mode set ${mode}\``,
  }),
  MODE_CHECK_NOTHING: entry<{ mode: string }>({
    status: 409,
    exit: 2,
    message: ({ mode }) =>
      `Cannot try anything: in mode ${mode} the config names no host beyond this machine`,
    fix: () =>
      "Add one to network.allow or as a provider's baseUrl; one on the internet needs `isopod mode set internet` as well",
  }),
  LINK_DOWN: entry<{ link: string }>({
    status: 503,
    exit: 3,
    message: ({ link }) => `Cannot reach what the mode allows: ${link}`,
    fix: () =>
      "Look after cable, Wi-Fi or sign-in page; models of this machine answer meanwhile, and `isopod mode check` tries it at once",
  }),
  LEDGER_UNWRITABLE: entry<{ path: string; detail: string }>({
    status: 500,
    exit: 1,
    message: ({ path, detail }) => `Cannot write the ledger "${path}": ${detail}`,
    fix: () => "Free disk space, or make $ISOPOD_HOME writable for the user that runs isopod",
  }),
  LISTEN_FAILED: entry<{ address: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ address, detail }) => `Cannot listen on ${address}: ${detail}`,
    fix: ({ address }) =>
      address[0] === "/"
        ? "Set ISOPOD_HOME to a folder of this user with a short path, such as ~/.isopod"
        : "Correct gateway.bind and gateway.port, or remove them to use 127.0.0.1:18789",
  }),
};
