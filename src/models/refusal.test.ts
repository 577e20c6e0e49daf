import assert from "node:assert/strict";
import { test } from "node:test";

import { toRefusal, toStreamedRefusal } from "./refusal.ts";

const refuse = (status: number, text: string, model: string | undefined = "m") =>
  toRefusal({ provider: "p", status, text, ...(model && { model }) });

/** What servers really answer, as their sources and bug reports have it. */
const ANSWERS: [string, number, string, string][] = [
  ["Ollama, no such model", 404, `{"error":"model 'm' not found"}`, "MODEL_MISSING"],
  ["Ollama, queue full", 503, '{"error":"server busy, please try again."}', "MODEL_BUSY"],
  [
    "Ollama, no tools",
    400,
    '{"error":"registry.ollama.ai/library/gemma:2b does not support tools"}',
    "MODEL_TOOLS_REFUSED",
  ],
  [
    "Ollama, crashed runner",
    500,
    '{"error":"llama runner process has terminated"}',
    "MODEL_REFUSED",
  ],
  [
    "vLLM, no such model",
    404,
    '{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError","code":404}',
    "MODEL_MISSING",
  ],
  [
    "vLLM, tools not switched on",
    400,
    '{"object":"error","message":"\\"auto\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"}',
    "MODEL_TOOLS_REFUSED",
  ],
  [
    "vLLM, too long",
    400,
    '{"error":{"message":"This model\'s maximum context length is 4096 tokens."}}',
    "MODEL_CONTEXT_EXCEEDED",
  ],
  [
    "llama.cpp, too long",
    400,
    '{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}',
    "MODEL_CONTEXT_EXCEEDED",
  ],
  [
    "llama.cpp, loading",
    503,
    '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
    "MODEL_BUSY",
  ],
  [
    "llama.cpp, started without --embeddings",
    501,
    '{"error":{"code":501,"message":"This server does not support embeddings. Start it with `--embeddings`","type":"not_supported_error"}}',
    "MODEL_WITHOUT_EMBEDDINGS",
  ],
  [
    "llama-cpp-python, started without embeddings",
    500,
    '{"error":{"message":"Llama model must be created with embedding=True to call this method","type":"internal_server_error","param":null,"code":null}}',
    "MODEL_WITHOUT_EMBEDDINGS",
  ],
  [
    "LiteLLM, no such model",
    400,
    '{"error":{"message":"Invalid model name passed in model=m"}}',
    "MODEL_MISSING",
  ],
  [
    "LiteLLM, a key that is not its own",
    400,
    '{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}',
    "MODEL_KEY_REFUSED",
  ],
  [
    "MLX, no such model, and nothing is downloaded",
    404,
    '{"error": "Cannot find an appropriate cached snapshot folder for the specified revision on the local disk and outgoing traffic has been disabled."}',
    "MODEL_MISSING",
  ],
  ["FastAPI, no such path", 404, '{"detail":"Not Found"}', "MODEL_GARBLED"],
  ["a proxy", 502, "<html><body>502</body></html>", "MODEL_GARBLED"],
  ["a redirect", 301, "", "MODEL_GARBLED"],
  ["OpenAI, wrong key", 401, '{"error":{"message":"Incorrect API key"}}', "MODEL_KEY_REFUSED"],
  ["too many requests", 429, '{"error":{"message":"slow down"}}', "MODEL_BUSY"],
  ["plain text", 500, "out of memory", "MODEL_OUT_OF_MEMORY"],
  ["nothing", 500, "", "MODEL_REFUSED"],
];

for (const [who, status, text, code] of ANSWERS) {
  test(`${who}: ${code}`, () => assert.equal(refuse(status, text).code, code));
}

test("a listing that is refused is never a missing model", () => {
  assert.notEqual(refuse(404, '{"error":"model not found"}', "").code, "MODEL_MISSING");
});

test("security: a server's text cannot move the cursor, break the line or fill the screen", () => {
  const text = JSON.stringify({ error: `a\u001b[2J\r\nb\u0085${"x".repeat(10_000)}` });
  const { message } = refuse(500, text);

  assert.doesNotMatch(message, /[\u0000-\u001f\u0080-\u009f]/);
  assert.ok(message.length < 600);
});

test("an error in mid-stream is told like any other", () => {
  const at = { provider: "p", model: "m" };

  assert.match(toStreamedRefusal(at, "CUDA error").message, /CUDA error/);
  assert.equal(toStreamedRefusal(at, { code: 503, message: "x" }).code, "MODEL_BUSY");
});
