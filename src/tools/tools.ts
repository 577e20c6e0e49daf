import type { SandboxSettings } from "../sandbox/settings.ts";
import { docs } from "./docs.ts";
import { edit } from "./edit.ts";
import { find } from "./find.ts";
import { read } from "./read.ts";
import { remember } from "./remember.ts";
import { createRun } from "./run.ts";
import type { Tool } from "./tool.ts";
import { write } from "./write.ts";

/**
 * Every tool, in the order in which models are shown them: a change of it changes every prompt. Those that a
 * mode may mask come last.
 */
export const createTools = (settings: {
  sandbox: SandboxSettings;
  web?: readonly Tool[];
}): readonly Tool[] =>
  // The list is of tools with different inputs; each is given only what its own schema let through.
  [
    find,
    read,
    write,
    edit,
    createRun(settings.sandbox),
    docs,
    remember,
    ...(settings.web ?? []),
  ] as unknown as readonly Tool[];
