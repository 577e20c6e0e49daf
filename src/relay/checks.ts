import { Fault } from "../base/fault.ts";
import type { Check, Result } from "../protocol/check.ts";
import type { ShareStatus } from "../protocol/share.ts";

export type ShareCheckOptions = {
  status: () => ShareStatus;
  /** The addresses of this machine, without loopback. */
  addresses: () => readonly string[];
};

/** What `doctor` looks at in this room. */
export const createShareChecks = ({ status, addresses }: ShareCheckOptions): Check[] => [
  {
    code: "share.listens",
    title: "What was shared can be reached",
    dependsOn: ["network.guard"],
    async run() {
      const { sharing, url = "", problem, devices } = status();
      if (problem !== undefined) return failed(problem);
      if (!sharing) return { state: "ok", detail: "nothing is shared" };
      // It listens on, where nobody arrives any more.
      const address = new URL(url).hostname.replaceAll(/[[\]]/g, "");
      const isGone = !address.startsWith("127.") && !addresses().includes(address);
      if (isGone) return failed(`this machine has the address ${address} no longer`);
      return { state: "ok", detail: `${url}, with ${devices.length} paired devices` };
    },
  },
];

const failed = (detail: string): Result => ({
  state: "failed",
  fault: new Fault("SHARE_SILENT", { detail }).toJSON(),
});
