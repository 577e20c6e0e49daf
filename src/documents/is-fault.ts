import { Fault, ReportedFault } from "../base/fault.ts";

/** What a person can be told, of this thread or of another. */
export const isFault = (error: unknown): error is Fault | ReportedFault =>
  error instanceof Fault || error instanceof ReportedFault;
