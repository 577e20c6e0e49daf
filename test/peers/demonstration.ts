/** The demonstration model as peers are given it, and what it is asked: in one place, for it will change. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ToolSpec } from "../../src/protocol/message.ts";
import { writeHuggingFaceFolder } from "../../demo-model/hugging-face.ts";

export const WEIGHTS = join(import.meta.dirname, "../../demo-model/demo-q8_0.gguf");

/** What servers that can be given a name call it. */
export const MODEL = "isopod-demo";

export const weightsDigest = () => createHash("sha256").update(readFileSync(WEIGHTS)).digest("hex");

/** For servers that read no GGUF. */
export const writeFolder = (folder: string) => writeHuggingFaceFolder(WEIGHTS, folder);

const file = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
const text = { type: "object", properties: { ...file.properties, content: { type: "string" } } };
const search = { type: "object", properties: { name: { type: "string" } } };

/** What the model is asked and what it answers; a recording carries the one that it was made with. */
export type Demonstration = {
  /** Tokens that it was made for. */
  context: number;
  /** By the names that it was trained on. */
  tools: ToolSpec[];
  /** A request that it answers by a call, the call as it writes it, a result, and what it says to that. */
  reading: { asked: string; tool: string; argumentsJson: string; result: string; answer: string };
  /** A request that it answers in words, with the first of them. */
  greeting: { asked: string; begins: string };
};

/** Of the weights that are here now: to be changed with them, and recorded anew. */
export const DEMONSTRATION: Demonstration = {
  context: 4096,
  tools: [
    { name: "find", description: "Finds files", schema: search },
    { name: "read", description: "Reads a file", schema: file },
    { name: "write", description: "Writes a file", schema: text },
  ],
  reading: {
    asked: "read notes.txt",
    tool: "read",
    argumentsJson: '{"path": "notes.txt"}',
    result: "buy milk",
    answer: "notes.txt says:\nbuy milk",
  },
  greeting: { asked: "hello", begins: "Hello!" },
};

export const {
  context: CONTEXT,
  tools: TOOLS,
  reading: READING,
  greeting: GREETING,
} = DEMONSTRATION;
