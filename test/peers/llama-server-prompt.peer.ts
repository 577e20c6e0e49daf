/**
 * Our own engine and llama.cpp's server must show the model the same tokens, or their scores could not be compared:
 * what `prompt.ts` builds is laid beside what the server makes of the template.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readGguf } from "../../src/models/embedded/gguf.ts";
import { toPrompt } from "../../src/models/embedded/prompt.ts";
import { createTokenizer } from "../../src/models/embedded/tokenizer.ts";
import type { Message } from "../../src/protocol/message.ts";
import { CONTEXT, MODEL, TOOLS, WEIGHTS } from "./demonstration.ts";
import { llamaServer } from "./llama-server.ts";
import { withPeer } from "./with-peer.ts";

/** The model was never trained on one, and is shown none. */
const SYSTEM = "You are Isopod.";

const tokenizer = createTokenizer(readGguf(readFileSync(WEIGHTS)));

const call = (id: string, tool: string, argumentsJson: string) => ({ id, tool, argumentsJson });

const CONVERSATIONS: Record<string, Message[]> = {
  "a question": [{ role: "user", text: "hello", context: "Now: Friday 2026-05-01 10:00 (UTC)" }],
  "a call and its result": [
    { role: "user", text: "notes/할 일.txt 읽어 줘" },
    {
      role: "assistant",
      text: "",
      toolCalls: [call("1", "read", '{"path": "notes/할 일.txt"}')],
    },
    { role: "tool", callId: "1", tool: "read", text: "buy 우유\n  1,234.5 €", ok: true },
    { role: "assistant", text: "notes/할 일.txt의 내용입니다:\nbuy 우유", toolCalls: [] },
    { role: "user", text: "thanks" },
  ],
  "two calls at once": [
    { role: "user", text: "read both" },
    {
      role: "assistant",
      text: "",
      toolCalls: [call("1", "read", '{"path": "a.md"}'), call("2", "find", "{}")],
    },
    { role: "tool", callId: "1", tool: "read", text: "", ok: true },
    { role: "tool", callId: "2", tool: "find", text: "a.md (0 bytes)", ok: true },
  ],
};

const TEXTS = [
  "the quick brown fox, 0123456789 times; x_y-z.toml",
  "한글과 漢字와 かな, 뷁 똠방각하, ㅋㅋㅋ, e\u0301 naïve ₤ € 🦐 👩‍👩‍👧",
  "\t\n\r\n  \u00a0\u2060 two  spaces 'quotes' \"and\" `more` don't they'll 3rd",
  "aaaaAAAA bcdBCD".repeat(20),
];

withPeer(llamaServer, "what the model is shown", ({ running }) => {
  const post = async (path: string, body: object): Promise<unknown> => {
    const url = new URL(path, running().baseUrl);
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const tokenize = async (content: string, special: boolean) => {
    const body = { content, add_special: false, parse_special: special };
    return ((await post("/tokenize", body)) as { tokens: number[] }).tokens;
  };

  for (const text of TEXTS) {
    test(`any text has the same tokens: ${JSON.stringify(text.slice(0, 30))}`, async () => {
      assert.deepEqual(tokenizer.text(text), await tokenize(text, false));
    });
  }

  for (const [name, messages] of Object.entries(CONVERSATIONS)) {
    test(`${name} is rendered and read alike`, async () => {
      const { head, exchanges, tail } = toPrompt({
        model: MODEL,
        system: SYSTEM,
        tools: TOOLS,
        messages,
        contextTokens: CONTEXT,
      });
      const pieces = [head, ...exchanges, tail].flat();
      const text = pieces.map((piece) => ("frame" in piece ? piece.frame : piece.text)).join("");
      const system = { role: "system", content: SYSTEM };
      const body = { messages: [system, ...toServer(messages)], tools: TOOLS.map(toServerTool) };
      const { prompt } = (await post("/apply-template", body)) as { prompt: string };
      assert.equal(text, prompt);
      const tokens = pieces.flatMap((piece) =>
        "frame" in piece ? tokenizer.frame(piece.frame) : tokenizer.text(piece.text),
      );
      assert.deepEqual(tokens, await tokenize(prompt, true));
    });
  }
});

const toServerTool = ({ name, description, schema }: (typeof TOOLS)[number]) => ({
  type: "function",
  function: { name, description, parameters: schema },
});

const toServer = (messages: readonly Message[]) =>
  messages.map((message) => {
    switch (message.role) {
      case "user":
        return {
          role: "user",
          content: message.context ? `${message.text}\n\n${message.context}` : message.text,
        };
      case "tool":
        return { role: "tool", tool_call_id: message.callId, content: message.text || "(empty)" };
      case "assistant":
        return {
          role: "assistant",
          content: message.text,
          ...(message.toolCalls.length > 0 && {
            tool_calls: message.toolCalls.map(({ id, tool, argumentsJson }) => ({
              id,
              type: "function",
              function: { name: tool, arguments: argumentsJson },
            })),
          }),
        };
    }
  });
