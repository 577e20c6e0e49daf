/**
 * A model on an OpenAI-compatible server that does what a probe asks of it, but for the weaknesses it is
 * given. It really looks at what it is sent: the tools, the schema, the whole of the text.
 */

import { type FakeServer, type Step, type Turn } from "./model-server.ts";
import { startOpenAi } from "./openai.ts";

export type Weakness =
  /** Talks about calling, and never does. */
  | "never-calls"
  /** Writes calls into the text, in a tag. */
  | "calls-in-text"
  /** Calls a tool whatever it is asked. */
  | "always-calls"
  /** Quotes of arguments come out unescaped. */
  | "breaks-quotes"
  /** Stops after the first result. */
  | "stops-early"
  /** Of a long text knows beginning and end. */
  | "forgets-the-middle"
  | "ignores-tool-choice"
  | "ignores-schema"
  /** Cuts a prompt off at its beginning, and says nothing. */
  | "cuts-the-window"
  /** Refuses a prompt below the window it claims. */
  | "refuses-the-window"
  /** Answers 400 to tools. */
  | "no-room-for-tools"
  | "refuses-tools"
  | "one-call-at-a-time"
  /** Words come all at once. */
  | "does-not-stream";

/** How many tokens it claims, and how many it takes where it cuts or refuses. */
export const CLAIMED_TOKENS = 8_192;
export const TAKEN_TOKENS = 3_000;

const CHARS_PER_TOKEN = 4;

export const startWeakModel = (...weaknesses: Weakness[]): Promise<FakeServer> => {
  const seen = new Set<string>();
  return startOpenAi({
    models: [{ name: "weak", loadedContextTokens: CLAIMED_TOKENS }],
    decide: (request) => answer(request as Request, new Set(weaknesses), seen),
  });
};

type Message = { role: string; content: string | null; tool_calls?: unknown[] };
type Request = {
  messages: Message[];
  tools?: { function: { name: string } }[];
  tool_choice?: string;
  response_format?: { json_schema: { schema: Schema } };
};
type Schema = { anyOf?: object[]; properties?: Record<string, { type?: string }> };

function answer(request: Request, weak: ReadonlySet<Weakness>, seen: Set<string>): Turn {
  const prompt = request.messages.map(({ content }) => content ?? "").join("\n");
  const inputTokens = Math.ceil(prompt.length / CHARS_PER_TOKEN);
  if (weak.has("refuses-tools") && request.tools) {
    return [refusal("this model does not support tools")];
  }
  if (weak.has("no-room-for-tools") && request.tools) {
    return [refusal("the request exceeds the available context size")];
  }
  if (weak.has("refuses-the-window") && inputTokens > TAKEN_TOKENS) {
    return [refusal("the request exceeds the available context size")];
  }
  const isCut = weak.has("cuts-the-window") && inputTokens > TAKEN_TOKENS;
  const read = isCut ? prompt.slice(-TAKEN_TOKENS * CHARS_PER_TOKEN) : prompt;
  const counted = isCut ? TAKEN_TOKENS : inputTokens;
  const cachedTokens = seen.has(prompt) ? counted - 1 : 0;
  seen.add(prompt);
  const end = { end: { inputTokens: counted, outputTokens: 20, cachedTokens } };
  return [...think(request, read, weak), end];
}

const refusal = (message: string): Step => ({
  status: 400,
  body: JSON.stringify({ error: { message } }),
});

function think(request: Request, read: string, weak: ReadonlySet<Weakness>): Step[] {
  if (read.includes("lockers of")) return say(findLockers(read, weak), weak);
  const schema = weak.has("ignores-schema")
    ? undefined
    : request.response_format?.json_schema.schema;
  if (schema?.anyOf) return forced(request, weak);
  if (schema) return say('{"city": "Seoul", "people": 9400000, "isCapital": true}', weak);
  if (request.tools) return withTools(request, weak);
  const words = "A gardener carried a boat, and then he went home because it had rained.";
  return say(words, weak);
}

const say = (text: string, weak: ReadonlySet<Weakness>): Step[] =>
  weak.has("does-not-stream")
    ? [
        {
          raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`,
        },
      ]
    : [{ text }];

function findLockers(read: string, weak: ReadonlySet<Weakness>): string {
  const names = /lockers of ([^?]+)\?/.exec(read)?.[1]?.split(", ") ?? [];
  return names
    .map((name) => {
      const found = new RegExp(`locker of ${name} has the number (\\d+)`).exec(read);
      const place = (found?.index ?? 0) / read.length;
      const isForgotten = weak.has("forgets-the-middle") && place > 0.3 && place < 0.8;
      return isForgotten && read.length > 12_000 ? "unknown" : (found?.[1] ?? "unknown");
    })
    .join(", ");
}

type Call = { call: string; arguments: string };

/** What a good model would call now; nothing where it would talk. */
function wantedCalls(request: Request): Call[] {
  const text = request.messages.findLast(isAsked)?.content ?? "";
  const results = request.messages.filter(isResult).length;
  const call = (name: string, input: object): Call => ({
    call: name,
    arguments: JSON.stringify(input),
  });
  if (text.includes("a.txt, b.txt")) {
    return ["a.txt", "b.txt", "c.txt"].map((path) => call("read", { path }));
  }
  if (text.includes("todo.txt")) {
    if (results === 0) return [call("read", { path: "todo.txt" })];
    return results === 1 ? [call("write", { path: "first.txt", content: "Buy oat milk" })] : [];
  }
  if (text.includes("notes.txt")) return [call("read", { path: "notes.txt" })];
  if (text.includes("Which files")) return [call("find", {})];
  const quoted = /quote\.txt, sign by sign:\n([^]*)$/.exec(text)?.[1];
  return quoted === undefined ? [] : [call("write", { path: "quote.txt", content: quoted })];
}

const isResult = ({ role, content }: Message) =>
  role === "tool" ||
  (role === "user" && /^\[From the program\] (Result|Error)/.test(content ?? ""));
const isAsked = (message: Message) => message.role === "user" && !isResult(message);

function withTools(request: Request, weak: ReadonlySet<Weakness>): Step[] {
  const { tool_choice: choice } = weak.has("ignores-tool-choice") ? {} : request;
  const hasResult = request.messages.some(isResult);
  let calls = weak.has("stops-early") && hasResult ? [] : wantedCalls(request);
  if (weak.has("always-calls") && calls.length === 0) calls = [{ call: "find", arguments: "{}" }];
  if (choice === "required" && calls.length === 0) calls = [{ call: "find", arguments: "{}" }];
  if (choice === "none" || weak.has("never-calls")) calls = [];
  if (weak.has("one-call-at-a-time")) calls = calls.slice(0, 1);
  if (weak.has("breaks-quotes")) {
    calls = calls.map((one) => ({ ...one, arguments: one.arguments.replaceAll('\\"', '"') }));
  }
  if (calls.length === 0) return say("I would look into the file for you.", weak);
  if (weak.has("calls-in-text")) {
    const [first] = calls;
    return say(
      `<tool_call>{"name": "${first?.call}", "arguments": ${first?.arguments}}</tool_call>`,
      weak,
    );
  }
  return [{ calls }];
}

/** A grammar lets nothing else through: the weaknesses of its own calls are gone. */
function forced(request: Request, weak: ReadonlySet<Weakness>): Step[] {
  const [first] = wantedCalls(request);
  if (!first) return say('{"answer": "Five, and hello."}', weak);
  return say(`{"tool": "${first.call}", "input": ${first.arguments}}`, weak);
}
