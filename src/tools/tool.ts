import type { z } from "zod";

import type { Fault } from "../base/fault.ts";
import type { DocumentsOf } from "../documents/documents.ts";
import type { Mode } from "../protocol/event.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Workspace } from "./workspace.ts";

/** One thing a model can do. Adding one: this file's shape, a test, a line in `tools.ts`. */
export interface Tool<Input = unknown> {
  readonly name: string;
  /** One or two sentences: a model reads them with every request. */
  readonly description: string;
  readonly input: z.ZodType<Input>;
  /** What is left behind. Anything but "none" is journalled before it runs. */
  readonly effect: "none" | "write" | "run" | "remember";

  /**
   * Whether there is anything for it to work with in this session; one without it is always offered. Asked when
   * an epoch begins: inside it a tool stays listed, and answers with a fault.
   */
  isOffered?(context: Omit<ToolContext, "signal">): Promise<boolean>;

  /**
   * Why it cannot be used with this reach; undefined while it can. Pure. A new epoch does not list a masked
   * tool; in one that lists it already a call is answered with this fault.
   */
  masked?(reach: Reach): Fault | undefined;

  /** Why a person must agree first; undefined when nobody must. Pure: looks at arguments and grants only. */
  asks?(input: Input, context: ToolContext): string | undefined;

  /**
   * What that person may agree to for longer than this one call, as `Grants` knows it; without it a call is
   * agreed to alone. `asks` looks whether it was.
   */
  lasting?(input: Input): string;

  /**
   * What to journal before the effect, so that `reconcile` can tell later whether it took place.
   * Short: digests, never content.
   */
  before?(input: Input, context: ToolContext): Promise<string>;

  /**
   * After a crash between start and finish: did the effect take place? "no" lets it run again,
   * "unknown" tells the model so. Tools without it are "unknown".
   */
  reconcile?(input: Input, before: string, context: ToolContext): Promise<"yes" | "no" | "unknown">;

  /**
   * Returns the text that the model reads, already cut to a length a model can take.
   * A thrown `Fault` goes to the model as well; anything else ends the turn. A signal's reason passes.
   */
  run(input: Input, context: ToolContext): Promise<string>;
}

export interface ToolContext {
  readonly workspace: Workspace;
  /** Undefined while no sandbox passes its probe; `sandboxOff` then says why and what to do. */
  readonly sandbox: Sandbox | undefined;
  readonly sandboxOff?: { reason: string; fix: string };
  readonly memory: Memory;
  /** The person's documents, as this session may see them. */
  readonly documents?: DocumentsOf;
  /** Asked anew for each call: a person may change the mode in the middle of a turn. */
  readonly reach: () => Reach;
  readonly grants: Grants;
  /** Undoes the neutralisation of hostile text: what a model echoes becomes what stands in the file. */
  readonly restore?: (text: string) => string;
  readonly signal: AbortSignal;
}

/** How far this session's words may go. */
export type Reach = {
  mode: Mode;
  /** Whether the session is marked private: what is said in it stays on the person's own machines. */
  private: boolean;
};

/** What a person agreed to for longer than one call, such as "web:example.org". */
export interface Grants {
  has(what: string): boolean;
  add(what: string, until: "session" | "always"): Promise<void>;
}

/** What `remember` writes and a new epoch reads; the store keeps it, by person. */
export interface Memory {
  add(text: string): Promise<void>;
  list(): Promise<string[]>;
}

/** Ties `input` and `run` together, so that a tool needs no type annotations. */
export const defineTool = <Input>(tool: Tool<Input>): Tool<Input> => tool;
