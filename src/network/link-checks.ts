import { Fault } from "../base/fault.ts";
import type { Check, Result } from "../protocol/check.ts";
import { describeLink, isHindered, type LinkWatch } from "./link.ts";

/** What `doctor` says of the link. That there is no internet is no defect where the mode does not want it. */
export function createLinkChecks({ link }: { link: Pick<LinkWatch, "reach"> }): Check[] {
  return [
    {
      code: "network.link",
      title: "What the mode allows can be reached",
      dependsOn: [],
      async run(): Promise<Result> {
        const reach = link.reach();
        if (!isHindered(reach)) return { state: "ok", detail: `${reach.link}: ${reach.reason}` };
        const fault = new Fault("LINK_DOWN", { link: describeLink(reach) });
        return { state: "warning", fault: fault.toJSON() };
      },
    },
  ];
}
