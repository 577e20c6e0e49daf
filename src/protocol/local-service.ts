/** The model servers that the gateway starts itself, as `/api/models/services` shows them. */

import { z } from "zod";

export type ServiceReport = {
  /** The provider. */
  id: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd?: string;
  /** "none" where it has no network at all. */
  network: "none" | "host";
  /** Of all the above: what is approved. */
  hash: string;
  approved: boolean;
  /** "elsewhere": somebody has started it by hand. */
  state: "stopped" | "starting" | "running" | "elsewhere" | "failed";
  pid?: number;
  log: string;
  /** What it said last. */
  last: string[];
};

/** The hash that was shown: what changed since is not approved with it. */
export const ServiceApprove = z.object({ hash: z.string().length(64) });
