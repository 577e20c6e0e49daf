import type { WebAuth } from "../../auth/web-auth.ts";
import { KeyCreate, PairRequest } from "../../protocol/api.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { json } from "../answer.ts";

/** What these routes need of `auth`. */
export type AccountAuth = Omit<
  WebAuth,
  "identify" | "onRevoke" | "people" | "addPerson" | "gateway" | "adminKeyFile"
>;

export const accountRoutes = (auth: AccountAuth): Route[] => [
  defineRoute({
    method: "POST",
    path: "/api/pair",
    scope: "none",
    body: PairRequest,
    handle: async ({ body, peer }) => {
      const { response, cookie } = await auth.pair(body, peer);
      const answer = json(response);
      answer.headers.append("set-cookie", cookie);
      return answer;
    },
  }),
  defineRoute({
    method: "GET",
    path: "/api/me",
    scope: "read",
    handle: ({ caller }) => auth.me(caller),
  }),
  defineRoute({
    method: "POST",
    path: "/api/pairing-codes",
    scope: "admin",
    handle: ({ caller }) => auth.createPairingCode(caller),
  }),
  defineRoute({
    method: "GET",
    path: "/api/devices",
    scope: "read",
    handle: async ({ caller }) => ({ devices: await auth.devices(caller.person) }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/api/devices/:id",
    scope: "admin",
    handle: async ({ caller, params }) => {
      await auth.revokeDevice(caller.person, params["id"] ?? "");
      return {};
    },
  }),
  defineRoute({
    method: "GET",
    path: "/api/keys",
    scope: "admin",
    handle: async ({ caller }) => ({ keys: await auth.keys(caller.person) }),
  }),
  defineRoute({
    method: "POST",
    path: "/api/keys",
    scope: "admin",
    body: KeyCreate,
    handle: ({ caller, body }) => auth.createKey(caller, body),
  }),
  defineRoute({
    method: "DELETE",
    path: "/api/keys/:id",
    scope: "admin",
    handle: async ({ caller, params }) => {
      await auth.revokeKey(caller.person, params["id"] ?? "");
      return {};
    },
  }),
];
