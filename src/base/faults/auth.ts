import { entry } from "./entry.ts";

export const authFaults = {
  AUTH_MISSING: entry({
    status: 401,
    exit: 2,
    message: () => "Cannot answer: the request carries no key and no paired device",
    fix: () =>
      "Send `Authorization: Bearer <key>`, or pair this browser with the code that `isopod gateway status` shows",
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
};
