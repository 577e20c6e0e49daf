/** What the two ends of the worker's channel write to each other. */

import type { Output } from "./engine.ts";
import type { Prompt } from "./prompt.ts";

/** To the worker; it takes them one after the other. */
export type JobLetter = {
  id: number;
  /** Path of the weights. They are loaded for the first job, and again after a failure. */
  weights: string;
  /** None: load the weights and be done. */
  prompt: Prompt | undefined;
  maxTokens: number | undefined;
  /**
   * One 32-bit number: anything but 0 stops the job. Shared memory, because a thread that computes reads
   * no letters.
   */
  stop: SharedArrayBuffer;
};

/** From the worker. A job ends with `done`, `too-long` or `damaged`. */
export type AnswerLetter = { id: number; output: Output | { type: "damaged"; detail: string } };
