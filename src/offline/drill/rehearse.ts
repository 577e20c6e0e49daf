/** The rehearsal itself, wherever its machine came from: what is asked of it, and the moment the way out comes back. */

import { setTimeout as pause } from "node:timers/promises";

import type { Stage } from "../prove/stage.ts";
import { checkModel } from "./model.ts";
import { missed, type Steps } from "./steps.ts";
import {
  checkApp,
  checkChat,
  checkHealth,
  checkSearch,
  checkStream,
  checkTool,
  readStatus,
} from "./talk.ts";

export type Rehearsal = {
  stage: Stage;
  steps: Steps;
  limits: string[];
  /** Where the documents are put that are searched. */
  papers: string;
  /** Hashes of command lines that a person has approved on this machine. */
  approved: ReadonlySet<string>;
};

export async function rehearse(
  { stage, steps, limits, papers, approved }: Rehearsal,
  signal: AbortSignal,
): Promise<void> {
  await steps.run("health", () => checkHealth(stage, signal));
  await steps.run("model", () => checkModel(stage, { approved, limits }, signal));
  await steps.run("chat", () => checkChat(stage, signal));
  await steps.run("stream", () => checkStream(stage, signal));
  await steps.run("tool", () => checkTool(stage, signal));
  await steps.run("search", () => checkSearch(stage, papers, signal));
  await steps.run("app", () => checkApp(stage, signal));
}

/** The gateway looks at the link every five seconds by itself, and when it is asked. */
const LINK_MS = 15_000;
const LOOK_MS = 500;
/** Whatever would go out by itself has gone by then. */
export const SILENCE_MS = 3_000;

export type Recovery = {
  stage: Stage;
  steps: Steps;
  /** Gives the way out back. */
  lead: () => Promise<void>;
  /** Begins to count; what it returns says in words that nothing was sent since, or throws `DRILL_STEP`. */
  count: () => Promise<() => Promise<string>>;
  /** How long the link may take to be told; a person's Wi-Fi takes longer than a route. */
  patienceMs?: number;
};

export async function recover(
  { stage, steps, lead, count, patienceMs = LINK_MS }: Recovery,
  signal: AbortSignal,
): Promise<void> {
  await steps.run("recovery", async () => {
    const was = await readStatus(stage, signal);
    const counted = await count();
    await lead();
    let now = was;
    for (let left = patienceMs; now.link.state === was.link.state && left > 0; left -= LOOK_MS) {
      await pause(LOOK_MS, undefined, { signal });
      now = await readStatus(stage, signal);
    }
    const states = `${was.link.state} (${was.link.reason}) to ${now.link.state} (${now.link.reason})`;
    if (now.link.state === was.link.state) throw missed(`the link is told as before: ${states}`);
    if (now.mode !== was.mode) throw missed(`the mode went from ${was.mode} to ${now.mode}`);
    await checkChat(stage, signal);
    await pause(SILENCE_MS, undefined, { signal });
    const sent = await counted();
    return `told: ${states}; mode ${now.mode} as before, a chat is answered, ${sent}`;
  });
}
