import { entry } from "./entry.ts";

export const authFaults = {
  AUTH_MISSING: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot answer: the request carries no key and no paired device",
    fix: () =>
      "Send `Authorization: Bearer <key>`, or pair this browser with the code that `isopod gateway status --pair` shows",
  }),
  AUTH_REFUSED: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot answer: this key or device is not known, or was revoked",
    fix: () => "Pair again, or read the key in $ISOPOD_HOME/admin.key",
  }),
  AUTH_LOCKED: entry<{ seconds: number }>({
    status: 429,
    exit: 2,
    message: ({ seconds }) =>
      `Cannot answer for ${seconds} s: too many wrong keys or codes came from here`,
    fix: ({ seconds }) => `Wait ${seconds} s, then try again with the right key`,
  }),
  AUTH_SCOPE: entry<{ scope: string }>({
    status: 403,
    exit: 2,
    message: ({ scope }) => `Cannot do this: the key lacks the scope "${scope}"`,
    fix: ({ scope }) => `Use a key that has the scope "${scope}"`,
  }),
  PAIRING_REFUSED: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot pair: this code is wrong, was used, or has expired",
    fix: () => "Get a new code with `isopod gateway status --pair`",
  }),
  AUTH_TOKEN_WEAK: entry({
    status: 500,
    exit: 2,
    message: () => "Cannot start: ISOPOD_GATEWAY_TOKEN is shorter than 16 characters",
    fix: () => "Set a longer one, such as the output of `openssl rand -hex 24`, or unset it",
  }),
  ADMIN_KEY_UNREADABLE: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, detail }) => `Cannot read the key in "${file}": ${detail}`,
    fix: ({ file }) => `Remove "${file}": the next start makes a new one and revokes the old`,
  }),
  ADMIN_KEY_UNWRITABLE: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, detail }) => `Cannot write "${file}": ${detail}`,
    fix: () => "Make ISOPOD_HOME a folder that this user may write",
  }),
  ADMIN_KEY_EXPOSED: entry<{ file: string; mode: string }>({
    status: 500,
    exit: 1,
    message: ({ file, mode }) =>
      `Cannot vouch for the key in "${file}": other users of this machine may read it (mode ${mode})`,
    fix: ({ file }) =>
      `Run \`isopod doctor --fix\`; if others use this machine, remove "${file}" too and start again`,
  }),
};
