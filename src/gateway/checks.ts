import { Fault } from "../base/fault.ts";
import type { Check } from "../protocol/check.ts";
import type { GatewaySettings } from "./settings.ts";

export type GatewayCheckDeps = {
  settings: GatewaySettings;
  /**
   * Who listens on the port of this machine: this gateway, one of this state folder in another process,
   * nobody, or a stranger. Asks loopback only.
   */
  whoListens: (port: number, signal: AbortSignal) => Promise<"us" | "nobody" | "stranger">;
  /** Addresses that this gateway listens on now, such as "127.0.0.1:18789". */
  listening: () => readonly string[];
  siteBuilt: () => boolean;
};

export const gatewayChecks = (deps: GatewayCheckDeps): Check[] => [
  portCheck(deps),
  exposureCheck(deps),
  siteCheck(deps),
];

function portCheck({ settings, whoListens }: GatewayCheckDeps): Check {
  return {
    code: "gateway.port",
    title: "The port is ours or free",
    dependsOn: [],
    run: async (signal) => {
      const address = `127.0.0.1:${settings.port}`;
      if (settings.bind === "unix" || settings.port === 0) {
        return { state: "ok", detail: "no fixed TCP port is asked for" };
      }
      const who = await whoListens(settings.port, signal);
      if (who === "stranger") {
        return { state: "failed", fault: new Fault("PORT_IN_USE", { address }).toJSON() };
      }
      return {
        state: "ok",
        detail: who === "us" ? `${address} is this gateway` : `${address} is free`,
      };
    },
  };
}

function exposureCheck({ settings, listening }: GatewayCheckDeps): Check {
  return {
    code: "gateway.exposed",
    title: "Only this machine can reach the gateway",
    dependsOn: [],
    run: async () => {
      const exposed = exposedAddress(settings, listening());
      if (exposed !== undefined) {
        return { state: "failed", fault: new Fault("BIND_REFUSED", { bind: exposed }).toJSON() };
      }
      return { state: "ok", detail: `bind is "${settings.bind}"` };
    },
  };
}

/** Pure: the setting or the address that lets other machines in; undefined when none does. */
export function exposedAddress(
  { bind }: Pick<GatewaySettings, "bind">,
  addresses: readonly string[],
): string | undefined {
  if (bind !== "loopback" && bind !== "unix") return bind;
  return addresses.find(
    (address) =>
      !address.startsWith("/") && !/^(?:127\.[\d.]+|\[::1\]|localhost):\d+$/.test(address),
  );
}

/** Throws `BIND_REFUSED` for what is not there yet, before anything listens. */
export function parseBind({ bind }: Pick<GatewaySettings, "bind">): "loopback" | "unix" {
  if (bind === "loopback" || bind === "unix") return bind;
  throw new Fault("BIND_REFUSED", { bind });
}

function siteCheck({ siteBuilt }: GatewayCheckDeps): Check {
  return {
    code: "gateway.app",
    title: "The web app is built",
    dependsOn: [],
    run: async () =>
      siteBuilt()
        ? { state: "ok", detail: "web/dist is there" }
        : { state: "failed", fault: new Fault("APP_MISSING", {}).toJSON() },
  };
}
