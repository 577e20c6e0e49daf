/**
 * A real model server that a script can install and start here, with the demonstration model in it. One
 * file per server makes one; `all.ts` lists them.
 */

import type { ProductId } from "../../src/models/presets.ts";
import type { Folders } from "./folders.ts";
import type { Children } from "./children.ts";

export interface Peer {
  /** As the command line says it. */
  readonly name: string;
  readonly title: string;
  /** What `install` brings and from where, in a few words. */
  readonly brings: string;
  /** What discovery must take it for. */
  readonly product: ProductId;
  readonly expects: Expectations;

  /** What is installed; undefined where nothing is. Reads a note, starts nothing. */
  version(folders: Folders): string | undefined;
  /** Brings it into its folder; may be repeated, and goes on where it was stopped. */
  install(folders: Folders, children: Children, signal: AbortSignal): Promise<void>;
  /** Resolves once it answers. What it starts, `children.stop()` ends. */
  start(stage: Stage, signal: AbortSignal): Promise<Started>;
}

export type Stage = {
  folders: Folders;
  children: Children;
  /** On loopback. */
  port: number;
  /** Its own, gone afterwards: models, logs, homes. */
  scratch: string;
};

export type Started = {
  /** Where Isopod's dialect begins. */
  baseUrl: string;
  /** As the server calls the demonstration model. */
  model: string;
  /** Where it asks for one. */
  apiKey?: string;
  /** What its provider is called under `models.providers`. */
  provider: string;
};

/** In what the true servers differ, so that one suite can say what holds for each. */
export type Expectations = {
  /** The context that its listing tells of, or "unsaid". */
  context: "loaded" | "made for" | "unsaid";
  /** Whether its listing says that the model takes tools. */
  saysTools: boolean;
  /** Whether calls come as calls. Where they come as text, salvage makes them calls. */
  calls: "native" | "as text";
  /** Whether arguments come as the model wrote them, or as the server writes JSON. */
  spelling: "the model's" | "compact";
  /**
   * Whether the model sees calls and results as it was trained on them. Some servers write them into the prompt
   * in their own way, and it answers less well.
   */
  replays: "as trained" | "its own way";
  /** What a model's name does that is not there: a refusal, or nothing (it serves one model to all). */
  wrongName: "refused" | "ignored";
  /** Whether a stream ends with what was read and written. */
  counts: boolean;
  /** Whether it says how much of a prompt it had read before. */
  countsCache: boolean;
  /** What a prompt beyond the context does. */
  overflow: "refused" | "cut";
};
