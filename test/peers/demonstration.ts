/** The demonstration model as peers are given it, and what it is asked: in one place, for it will change. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ToolSpec } from "../../src/protocol/message.ts";
import { writeHuggingFaceFolder } from "./hugging-face.ts";

export const WEIGHTS = join(import.meta.dirname, "../../demo-model/demo-q8_0.gguf");

/** What servers that can be given a name call it. */
export const MODEL = "isopod-demo";

export const weightsDigest = () => createHash("sha256").update(readFileSync(WEIGHTS)).digest("hex");

/** For servers that read no GGUF. */
export const writeFolder = (folder: string) => writeHuggingFaceFolder(WEIGHTS, folder);

/** Tokens that it was made for. */
export const CONTEXT = 512;

const file = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

/** By the names that it was trained on. */
export const TOOLS: readonly ToolSpec[] = ["list_files", "read_file", "write_file"].map((name) => ({
  name,
  description: name,
  schema: name === "list_files" ? { type: "object", properties: {} } : file,
}));

/** A request that it answers by a call, the call, a result, and what it says to that. */
export const READING = {
  asked: "read notes.txt",
  tool: "read_file",
  input: { path: "notes.txt" },
  result: "buy milk",
  answer: "notes.txt says:\nbuy milk",
};

/** A request that it answers in words, with the first of them. */
export const GREETING = { asked: "hello", begins: "Hello!" };
