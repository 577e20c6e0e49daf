import {
  KeyCreate,
  PairRequest,
  type Device,
  type Key,
  type KeyCreated,
  type Me,
  type PairingCode,
  type PairResponse,
} from "../../protocol/api.ts";
import { defineRoute, type Caller, type Route } from "../../protocol/route.ts";
import { json } from "../answer.ts";

/** What these routes need of `auth`. */
export interface AccountAuth {
  /** `cookie` is the whole Set-Cookie value. Throws `PAIRING_REFUSED`, `AUTH_LOCKED`. */
  pair(request: PairRequest, peer: string): Promise<{ response: PairResponse; cookie: string }>;
  me(caller: Caller): Promise<Me>;
  createPairingCode(caller: Caller): Promise<PairingCode>;
  devices(person: string): Promise<Device[]>;
  keys(person: string): Promise<Key[]>;
  createKey(caller: Caller, key: { name: string; scopes: Key["scopes"] }): Promise<KeyCreated>;
  /** Both throw `NOT_FOUND` for what is not this person's. */
  revokeDevice(person: string, id: string): Promise<void>;
  revokeKey(person: string, id: string): Promise<void>;
}

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
