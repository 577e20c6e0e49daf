/**
 * node-llama-cpp behind `/v1/chat/completions`, for tests: one model, one conversation at a time, greedy.
 *
 *     node node-llama-cpp-server.ts LIBRARY WEIGHTS MODEL PORT
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pathToFileURL } from "node:url";

import { z } from "zod";

const [library = "", weights = "", model = "", port = "0"] = process.argv.slice(2);

/** What is used of the library; its types are in a folder that only this program knows. */
type Library = {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LoadedModel> }>;
  LlamaChat: new (options: { contextSequence: Sequence }) => Chat;
};
type LoadedModel = {
  trainContextSize: number;
  createContext(options: object): Promise<{ contextSize: number; getSequence(): Sequence }>;
};
type Counts = { usedInputTokens: number; usedOutputTokens: number };
type Sequence = {
  nextTokenIndex: number;
  tokenMeter: { getState(): Counts; diff(before: Counts): Counts };
};
type Chat = {
  generateResponse(history: object[], options: object): Promise<Generated>;
};
type Generated = {
  functionCalls?: { functionName: string; params: unknown }[];
  metadata: { stopReason: string };
};

// The library is the one that was named; what it gives is checked by use.
const { getLlama, LlamaChat } = (await import(pathToFileURL(library).href)) as Library;
// Never a compiler and never a download; one thread, because its threads spin while they wait.
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: 1 });
const loaded = await llama.loadModel({ modelPath: weights, gpuLayers: 0 });
const context = await loaded.createContext({ contextSize: loaded.trainContextSize, sequences: 1 });
const sequence = context.getSequence();
const chat = new LlamaChat({ contextSequence: sequence });

const Body = z.object({
  messages: z.array(
    z.object({
      role: z.enum(["system", "user", "assistant", "tool"]),
      content: z.string().nullish(),
      tool_call_id: z.string().optional(),
      tool_calls: z
        .array(
          z.object({
            id: z.string(),
            function: z.object({ name: z.string(), arguments: z.string() }),
          }),
        )
        .optional(),
    }),
  ),
  tools: z
    .array(
      z.object({
        function: z.object({
          name: z.string(),
          description: z.string().optional(),
          parameters: z.record(z.string(), z.unknown()).optional(),
        }),
      }),
    )
    .optional(),
  max_tokens: z.number().int().positive().optional(),
});
type Body = z.infer<typeof Body>;

let queue: Promise<void> = Promise.resolve();
let answers = 0;

createServer((request, response) => {
  void handle(request, response).catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) return json(response, 500, toError("server_error", String(error)));
    response.end(`data: ${JSON.stringify(toError("server_error", String(error)))}\n\n`);
  });
}).listen(Number(port), "127.0.0.1");

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/v1/models") return json(response, 200, listing());
  if (request.url !== "/v1/chat/completions" || request.method !== "POST") {
    return json(
      response,
      404,
      toError("not_found", `there is no ${request.method} ${request.url}`),
    );
  }
  const body = Body.safeParse(JSON.parse(await textOf(request)));
  if (!body.success)
    return json(response, 400, toError("invalid_request_error", body.error.message));
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const turn = queue.then(() => answer(body.data, response, gone.signal));
  queue = turn.catch(() => undefined); // the next one does not fail with it
  await turn;
}

async function answer(body: Body, response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const id = `chatcmpl-${++answers}`;
  const head = { id, object: "chat.completion.chunk", model };
  const send = (delta: object, finish: string | null = null, more: object = {}) => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
    const choices = [{ index: 0, delta, finish_reason: finish }];
    response.write(`data: ${JSON.stringify({ ...head, choices, ...more })}\n\n`);
  };
  const before = sequence.tokenMeter.getState();
  let result: Generated;
  try {
    result = await chat.generateResponse(toHistory(body), {
      temperature: 0,
      repeatPenalty: false,
      signal,
      onTextChunk: (content: string) => send({ content }),
      ...(body.max_tokens && { maxTokens: body.max_tokens }),
      ...(body.tools && { functions: toFunctions(body.tools), documentFunctionParams: true }),
    });
  } catch (error) {
    if (signal.aborted) return; // whoever asked has hung up
    throw error;
  }
  const calls = (result.functionCalls ?? []).map(({ functionName, params }, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: "function",
    function: { name: functionName, arguments: JSON.stringify(params ?? {}) },
  }));
  if (calls.length > 0) send({ tool_calls: calls });
  const limit = result.metadata.stopReason === "maxTokens";
  send({}, calls.length > 0 ? "tool_calls" : limit ? "length" : "stop", { usage: count(before) });
  response.end("data: [DONE]\n\n");
}

function count(before: Counts) {
  const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter.diff(before);
  // The last token that was written has not been read.
  const prompt = sequence.nextTokenIndex - Math.max(usedOutputTokens - 1, 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: usedOutputTokens,
    prompt_tokens_details: { cached_tokens: Math.max(prompt - usedInputTokens, 0) },
  };
}

/** Calls and their results are parts of what the model said; it then goes on from there. */
function toHistory({ messages }: Body): object[] {
  const results = new Map(messages.map((message) => [message.tool_call_id, message.content ?? ""]));
  const history: { type: string; text?: string; response?: unknown[] }[] = [];
  for (const { role, content, tool_calls } of messages) {
    if (role === "system" || role === "user") history.push({ type: role, text: content ?? "" });
    if (role !== "assistant") continue;
    const calls = (tool_calls ?? []).map(({ id, function: { name, arguments: params } }) => ({
      type: "functionCall",
      name,
      params: JSON.parse(params) as unknown,
      result: results.get(id) ?? "",
      startsNewChunk: true,
    }));
    const last = history.at(-1);
    const said = [...calls, ...(content ? [content] : [])];
    if (last?.response) last.response.push(...said);
    else history.push({ type: "model", response: said });
  }
  if (history.at(-1)?.type !== "model") history.push({ type: "model", response: [] });
  return history;
}

const toFunctions = (tools: NonNullable<Body["tools"]>) =>
  Object.fromEntries(
    tools.map(({ function: { name, description, parameters } }) => [
      name,
      { ...(description && { description }), ...(parameters && { params: parameters }) },
    ]),
  );

const listing = () => ({
  object: "list",
  data: [
    { id: model, object: "model", owned_by: "node-llama-cpp", context_length: context.contextSize },
  ],
});

const toError = (code: string, message: string) => ({ error: { code, message } });

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
