/** What is asked of the gateway in a drill, and what must be seen. Each throws `DRILL_STEP`, and returns what it saw. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { Answer, Stage } from "../prove/stage.ts";
import { missed } from "./steps.ts";

const Status = z.object({
  version: z.string(),
  mode: z.string(),
  link: z.object({ state: z.string(), reason: z.string() }),
  model: z.object({ ref: z.string(), locality: z.string() }).nullable(),
});

const Completion = z.object({
  model: z.string(),
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

const Found = z.object({ hits: z.array(z.looseObject({})) });

export type Status = z.infer<typeof Status>;

export async function readStatus({ ask }: Stage, signal: AbortSignal): Promise<Status> {
  return parse(Status, await ask("GET", "/api/status", undefined, signal));
}

export async function checkHealth(stage: Stage, signal: AbortSignal): Promise<string> {
  mustBeOk("/healthz", await look(stage, "/healthz", signal));
  const { version, mode, link } = await readStatus(stage, signal);
  if (mode === "internet") throw missed("it began in mode internet");
  return `version ${version}, mode ${mode}, link ${link.state}: ${link.reason}`;
}

export async function checkChat(stage: Stage, signal: AbortSignal): Promise<string> {
  const { choices } = parse(Completion, await stage.chat("hello", {}, signal));
  const said = choices[0]?.message.content.trim() ?? "";
  if (said === "") throw missed("the answer is empty");
  return `it said "${shorten(said)}"`;
}

export async function checkStream(stage: Stage, signal: AbortSignal): Promise<string> {
  const answer = await stage.chat("hello", { stream: true }, signal);
  mustBeOk("a streamed chat", answer);
  const pieces = answer.text.split("\n").filter((line) => line.startsWith("data: {"));
  const said = pieces.map((line) => toPiece(line.slice("data: ".length))).join("");
  if (!answer.text.includes("data: [DONE]")) throw missed("the stream has no end");
  if (said.trim() === "") throw missed("the stream has no words");
  return `${pieces.length} pieces: "${shorten(said.trim())}"`;
}

const NOTE = "buy milk";
const FILE = "shopping.txt";

/** The model must call the tool and the tool must write: what it says of it counts for nothing. */
export async function checkTool(stage: Stage, signal: AbortSignal): Promise<string> {
  const file = join(stage.workspace, FILE);
  if (existsSync(file)) throw missed(`"${file}" was there before`);
  mustBeOk("a chat", await stage.chat(`write '${NOTE}' to ${FILE}`, {}, signal));
  if (!existsSync(file)) throw missed(`it was asked to write ${FILE}, and there is no such file`);
  const written = readFileSync(file, "utf8");
  if (!written.includes(NOTE)) throw missed(`${FILE} has "${shorten(written)}", not "${NOTE}"`);
  return `${FILE} has "${shorten(written.trim())}"`;
}

/** One paper of three has the word; it is made up, so that no other has it. */
const PAPERS = {
  "boat.md": "# The boat\n\nThe mooring at Quillhaven is paid until spring.\n",
  "garden.md": "# The garden\n\nTomatoes are sown in March.\n",
  "house.txt": "The key of the cellar hangs behind the door.\n",
};

export async function checkSearch(
  stage: Stage,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(PAPERS)) writeFileSync(join(folder, name), text);
  const read = await stage.ask("POST", "/api/documents", { path: folder }, signal);
  if (!read.text.includes('"type":"done"')) throw missed(`the folder was not read: ${told(read)}`);
  const query = { query: "Quillhaven" };
  const found = parse(Found, await stage.ask("POST", "/api/documents/search", query, signal));
  const [first] = found.hits;
  if (!JSON.stringify(first ?? "").includes("boat.md")) throw missed("boat.md was not found");
  return `"${query.query}" is found in boat.md, of ${Object.keys(PAPERS).length} documents`;
}

/** The page, and each script and style that it names. */
export async function checkApp(stage: Stage, signal: AbortSignal): Promise<string> {
  const page = await look(stage, "/", signal);
  mustBeOk("/", page);
  const parts = Array.from(
    page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g),
    ([, path = ""]) => path,
  );
  if (parts.length === 0) throw missed("the page names no script: `npm run build` makes the app");
  for (const path of parts) mustBeOk(path, await look(stage, path, signal));
  const beyond = /(?:src|href)="((?:https?:)?\/\/[^"]+)"/.exec(page.text)?.[1];
  if (beyond !== undefined) throw missed(`the page wants ${shorten(beyond)}`);
  return `the page and its ${parts.length} files over the gateway's socket, and none from elsewhere`;
}

export const look = ({ ask }: Stage, path: string, signal: AbortSignal) =>
  ask("GET", path, undefined, signal);

const told = ({ status, text }: Answer) => `${status} ${shorten(text)}`;

export function mustBeOk(what: string, answer: Answer): void {
  if (answer.status !== 200) throw missed(`${what}: ${told(answer)}`);
}

function parse<T>(schema: z.ZodType<T>, answer: Answer): T {
  const parsed = schema.safeParse(toValue(answer.text));
  if (answer.status === 200 && parsed.success) return parsed.data;
  throw missed(`it answered ${told(answer)}`);
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told as what it is
  }
}

const Piece = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
});

const toPiece = (text: string) =>
  Piece.safeParse(toValue(text)).data?.choices[0]?.delta.content ?? "";

/** As much as a line of a table bears. */
const SHOWN = 160;
export const shorten = (text: string) =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, SHOWN);
