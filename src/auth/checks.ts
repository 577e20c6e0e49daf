import { chmod, lstat } from "node:fs/promises";

import { Fault } from "../base/fault.ts";
import type { Check, Result } from "../protocol/check.ts";
import { adminKeyFile, readAdminKey } from "./admin-key.ts";
import { isWeakToken } from "./token.ts";

export type AuthCheckDeps = { homeFolder: string; environmentToken?: string | undefined };

export const createAuthChecks = ({ homeFolder, environmentToken }: AuthCheckDeps): Check[] => [
  adminKey(adminKeyFile(homeFolder)),
  token(environmentToken?.trim() ?? ""),
];

const adminKey = (file: string): Check => ({
  code: "auth.admin-key",
  title: "The admin key is this user's alone",
  dependsOn: [],
  async run() {
    try {
      const key = await readAdminKey(file);
      if (key === undefined) return ok("there is none; the next start of the gateway makes one");
      const mode = (await lstat(file)).mode & 0o777;
      if ((mode & 0o077) === 0) return ok(`only this user may read "${file}"`);
      return failed(
        new Fault("ADMIN_KEY_EXPOSED", { file, mode: mode.toString(8).padStart(4, "0") }),
      );
    } catch (error) {
      if (error instanceof Fault) return failed(error);
      throw error;
    }
  },
  async fix() {
    // Only what was read as a key: a link is not followed to another file.
    if ((await readAdminKey(file)) === undefined) return "There is no admin key to mend";
    await chmod(file, 0o600);
    return `Took the rights of others off "${file}"; whoever read it before still has the key`;
  },
});

const token = (environmentToken: string): Check => ({
  code: "auth.token",
  title: "A token of the environment is long enough",
  dependsOn: [],
  async run() {
    if (environmentToken === "") return ok("ISOPOD_GATEWAY_TOKEN is not set");
    if (isWeakToken(environmentToken)) return failed(new Fault("AUTH_TOKEN_WEAK", {}));
    return ok("ISOPOD_GATEWAY_TOKEN is long enough");
  },
});

const ok = (detail: string): Result => ({ state: "ok", detail });
const failed = (fault: Fault): Result => ({ state: "failed", fault: fault.toJSON() });
