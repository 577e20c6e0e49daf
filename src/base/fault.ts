/**
 * The failures a person can meet, in one catalogue, area by area.
 *
 * The CLI, the HTTP API and `docs/errors.md` all print from here, so a message is written once.
 * Codes are `AREA_WHAT`, and never reused for something else.
 */

import { agentFaults } from "./faults/agent.ts";
import { authFaults } from "./faults/auth.ts";
import { baseFaults } from "./faults/base.ts";
import { cliFaults } from "./faults/cli.ts";
import { configFaults } from "./faults/config.ts";
import type { Entry } from "./faults/entry.ts";
import { documentFaults } from "./faults/documents.ts";
import { engineFaults } from "./faults/engine.ts";
import { gatewayFaults } from "./faults/gateway.ts";
import { keepingFaults } from "./faults/keeping.ts";
import { modelFaults } from "./faults/models.ts";
import { networkFaults } from "./faults/network.ts";
import { probeFaults } from "./faults/probe.ts";
import { offlineFaults } from "./faults/offline.ts";
import { proveFaults } from "./faults/prove.ts";
import { processFaults } from "./faults/process.ts";
import { sandboxFaults } from "./faults/sandbox.ts";
import { shareFaults } from "./faults/share.ts";
import { storeFaults } from "./faults/store.ts";
import { toolFaults } from "./faults/tools.ts";
import { usageFaults } from "./faults/usage.ts";

export const catalogue = {
  ...baseFaults,
  ...processFaults,
  ...networkFaults,
  ...authFaults,
  ...storeFaults,
  ...sandboxFaults,
  ...modelFaults,
  ...keepingFaults,
  ...engineFaults,
  ...probeFaults,
  ...documentFaults,
  ...toolFaults,
  ...usageFaults,
  ...agentFaults,
  ...offlineFaults,
  ...proveFaults,
  ...configFaults,
  ...gatewayFaults,
  ...cliFaults,
  ...shareFaults,
};

export type FaultCode = keyof typeof catalogue;
type FaultParams<C extends FaultCode> = Parameters<(typeof catalogue)[C]["message"]>[0];

/** A fault as it crosses a wire: what a person may see, and nothing else. */
export type FaultReport = { code: string; message: string; fix: string };

/** A failure from the catalogue. Anything else that is thrown is a bug. */
export class Fault<C extends FaultCode = FaultCode> extends Error {
  override readonly name = "Fault";
  readonly code: C;
  readonly status: number;
  readonly exit: number;
  readonly fix: string;

  constructor(code: C, params: FaultParams<C>, options?: ErrorOptions) {
    // The compiler cannot see that `code` and `params` belong to the same row.
    const row = catalogue[code] as unknown as Entry<FaultParams<C>>;
    super(row.message(params), options);
    this.code = code;
    this.status = row.status;
    this.exit = row.exit;
    this.fix = row.fix(params);
  }

  toJSON(): FaultReport {
    return { code: this.code, message: this.message, fix: this.fix };
  }
}

/** A fault that another process reported: its words are kept, its exit code is looked up. */
export class ReportedFault extends Error {
  override readonly name = "ReportedFault";
  readonly code: string;
  readonly fix: string;

  constructor({ code, message, fix }: FaultReport) {
    super(message);
    this.code = code;
    this.fix = fix;
  }

  /** Of `{ error: { code, message, fix } }`; undefined for anything else. */
  static from(body: unknown): ReportedFault | undefined {
    const { error } = Object(body) as { error?: unknown };
    const { code, message, fix } = Object(error) as Partial<Record<keyof FaultReport, unknown>>;
    if (typeof code !== "string" || typeof message !== "string") return undefined;
    return new ReportedFault({ code, message, fix: typeof fix === "string" ? fix : "" });
  }

  get exit(): number {
    return exitOf(this.code);
  }

  toJSON(): FaultReport {
    return { code: this.code, message: this.message, fix: this.fix };
  }
}

/** The exit code of a command that ends in this fault; 1 for a code that this version does not know. */
export const exitOf = (code: string): number =>
  Object.hasOwn(catalogue, code) ? catalogue[code as FaultCode].exit : 1; // checked by hasOwn

/**
 * Whatever was thrown, as a fault that may be shown. A bug becomes `INTERNAL_ERROR` with an id;
 * `report` receives the id and the original, so that the log has the stack and the person has not.
 */
export function toFault(
  error: unknown,
  report: (id: string, error: unknown) => void,
): Fault | ReportedFault {
  if (error instanceof Fault || error instanceof ReportedFault) return error;
  const id = crypto.randomUUID().slice(0, 8);
  report(id, error);
  return new Fault("INTERNAL_ERROR", { id }, { cause: error });
}
