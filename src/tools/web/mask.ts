/** When the web tools are off, whatever a person would agree to. */

import { Fault } from "../../base/fault.ts";
import type { Reach } from "../tool.ts";

/** What a session says must stay on the person's machines: a search or an address would carry it away. */
export function maskWeb({ mode, private: isPrivate }: Reach): Fault | undefined {
  if (isPrivate) return new Fault("WEB_OFF", { why: "this session is private" });
  if (mode !== "internet")
    return new Fault("WEB_OFF", { why: `the mode is ${mode}`, mode: "internet" });
  return undefined;
}
