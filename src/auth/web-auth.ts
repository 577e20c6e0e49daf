import type { PairingCode, PairRequest, PairResponse } from "../protocol/api.ts";
import type { Caller } from "../protocol/route.ts";
import type { Auth } from "./auth.ts";
import { readDeviceCookie, writeDeviceCookie } from "./cookie.ts";

/** Auth as HTTP speaks it: headers in, a Set-Cookie value out. */
export interface WebAuth extends Omit<Auth, "identify" | "pair" | "createPairingCode"> {
  identify(headers: Headers, peer: string): Promise<Caller>;
  /** `cookie` is the whole Set-Cookie value. */
  pair(request: PairRequest, peer: string): Promise<{ response: PairResponse; cookie: string }>;
  createPairingCode(caller: Caller): Promise<PairingCode>;
}

/** Where browsers reach the gateway, such as "http://127.0.0.1:18789"; asked for anew, because a port may be chosen late. */
export type WebSite = () => URL;

export function createWebAuth(auth: Auth, site: WebSite): WebAuth {
  return {
    ...auth,
    identify: (headers, peer) =>
      auth.identify({
        authorization: headers.get("authorization") ?? undefined,
        cookie: readDeviceCookie(headers.get("cookie"), toPort(site())),
        deviceProof: headers.get("x-isopod-device") ?? undefined,
        from: peer,
      }),
    async pair({ code, device: name }, peer) {
      const { person, device, cookie, proof } = await auth.pair({ code, device: name, from: peer });
      const url = site();
      const isSecure = url.protocol === "https:";
      return {
        response: { person: person.name, device: device.id, proof },
        cookie: writeDeviceCookie(cookie, { port: toPort(url), isSecure }),
      };
    },
    async createPairingCode(caller) {
      // The code is shown beside the address, never in it: addresses end up in histories and logs.
      return { ...(await auth.createPairingCode(caller)), url: site().href };
    },
  };
}

const toPort = ({ port, protocol }: URL): number =>
  port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
