/** Streaming chats, timed. Speaks Ollama's lines and OpenAI's events, whichever come. */

import { Agent, request } from "node:http";

export type Chat = { ok: boolean; firstTokenMs: number; totalMs: number; text: string };

export type Target = { url: string; headers: Record<string, string>; body: object };

export function createClient(connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    chat: (target: Target) => chat(target, agent),
    close: () => agent.destroy(),
  };
}

function chat({ url, headers, body }: Target, agent: Agent): Promise<Chat> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const result: Chat = { ok: false, firstTokenMs: NaN, totalMs: NaN, text: "" };
    const outgoing = request(url, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", ...headers },
    });
    outgoing.setNoDelay(true);
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const text = textOf(line);
          if (text && result.text === "") result.firstTokenMs = performance.now() - start;
          result.text += text;
        }
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          ...result,
          ok: response.statusCode === 200 && result.text !== "",
          totalMs: performance.now() - start,
        });
      });
    });
    outgoing.end(JSON.stringify(body));
  });
}

function textOf(line: string): string {
  const json = line.startsWith("data: ") ? line.slice(6) : line;
  if (!json.startsWith("{")) return "";
  const { message, choices } = JSON.parse(json) as {
    message?: { content?: string };
    choices?: { delta?: { content?: string } }[];
  };
  return message?.content ?? choices?.[0]?.delta?.content ?? "";
}
