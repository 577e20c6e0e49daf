import { Fault } from "../base/fault.ts";
import type { Check } from "../protocol/check.ts";
import type { ShareStatus } from "../protocol/share.ts";

/** What `doctor` looks at in this room. */
export const createShareChecks = ({ status }: { status: () => ShareStatus }): Check[] => [
  {
    code: "share.listens",
    title: "What was shared can be reached",
    dependsOn: ["network.guard"],
    async run() {
      const { sharing, url, problem, devices } = status();
      if (problem !== undefined) {
        return { state: "failed", fault: new Fault("SHARE_SILENT", { detail: problem }).toJSON() };
      }
      if (!sharing) return { state: "ok", detail: "nothing is shared" };
      return { state: "ok", detail: `${url}, with ${devices.length} paired devices` };
    },
  },
];
