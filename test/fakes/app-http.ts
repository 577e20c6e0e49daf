/** The HTTP of the page's fake gateway: bodies, files, and refusals in the gateway's shape. */

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export type Refusal = { status: number; error: { code: string; message: string; fix: string } };

export function refuse(status: number, code: string, message: string): Refusal {
  return { status, error: { code, message, fix: "Do as the `test` says" } };
}

const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === "object" && answer !== null && "error" in answer && "status" in answer;

export function send(response: ServerResponse, answer: unknown): void {
  response.statusCode = isRefusal(answer) ? answer.status : 200;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(isRefusal(answer) ? { error: answer.error } : answer));
}

export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  // The page's own requests; what they say is what the tests look at.
  return JSON.parse(text || "{}") as Record<string, unknown>;
}

export function sendFile(dist: string, path: string, response: ServerResponse): void {
  const name = path === "/" ? "/index.html" : path;
  try {
    const bytes = readFileSync(join(dist, name));
    response.setHeader("content-type", TYPES[extname(name)] ?? "application/octet-stream");
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}
