/** Local model servers that nobody starts: what was asked of them is written down. */

import type { LocalServicesOwner } from "../../src/models/local-service/services.ts";
import type { QueueReport } from "../../src/protocol/api.ts";
import type { ServiceReport } from "../../src/protocol/local-service.ts";

export const QUEUE: QueueReport = {
  servers: ["fake"],
  running: 1,
  limit: 2,
  waiting: { person: 0, api: 1, background: 0 },
  seconds: 3,
};

export const SERVICE: ServiceReport = {
  id: "fake",
  command: "fake-server",
  args: ["--port", "1"],
  env: {},
  network: "host",
  hash: "0".repeat(64),
  approved: false,
  state: "stopped",
  log: "/tmp/fake.log",
  last: [],
};

export function createFakeServices(
  did: string[],
): Pick<LocalServicesOwner, "list" | "approve" | "stop"> {
  return {
    list: async () => [SERVICE],
    async approve(id, hash) {
      did.push(`approve ${id} ${hash}`);
      return { ...SERVICE, approved: true };
    },
    async stop(id) {
      did.push(`stop ${id}`);
      return SERVICE;
    },
  };
}
