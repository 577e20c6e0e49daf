/** What a command needs to speak to a gateway that runs already, and to start one in the background. */

import { join } from "node:path";

import { systemClock } from "./base/clock.ts";
import type { Send } from "./cli/client.ts";
import { createEgress } from "./network/guard.ts";
import { startBackground as start } from "./process/background.ts";
import type { Doors } from "./process/doors.ts";

/** Sends requests to the gateway behind a Unix socket; a command contacts nothing else. */
export function dial(socket: string, { doors }: { doors: Doors }): Send {
  const egress = createEgress({
    doors,
    policy: () => ({ mode: "device", hosts: [] }),
    ledger: { append: () => {} }, // what goes to the user's own gateway is no network traffic
    clock: systemClock,
  });
  return ({ method, path, headers, body, signal }) =>
    egress.request({
      url: `unix:${socket}:${path}`,
      purpose: "cli",
      method,
      headers: { host: "localhost", ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
    });
}

export function startBackground(machine: {
  home: string;
  doors: Doors;
  env: Readonly<Record<string, string | undefined>>;
}): { ended: Promise<string> } {
  return start({
    doors: machine.doors,
    script: join(import.meta.dirname, "../bin/isopod.cjs"),
    args: ["gateway", "run", "--json"],
    log: join(machine.home, "gateway.log"),
    env: machine.env,
  });
}
