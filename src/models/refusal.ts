/**
 * What a model server means when it refuses. Servers agree on little but the status, so the text is
 * read here, once: nobody above matches text.
 */

import { Fault } from "../base/fault.ts";
import { isRecord } from "../base/json.ts";

export type Refusal = { provider: string; model?: string; status: number; text: string };

/** A refusal as the fault that says what to do. Pure. */
export function toRefusal({ provider, model, status, text }: Refusal): Fault {
  const { detail, code } = readDetail(text, status);
  if (detail === undefined || (status >= 300 && status < 400)) {
    return new Fault("MODEL_GARBLED", { provider, detail: `HTTP ${status} and no JSON` });
  }
  if (status === 401 || status === 403 || KEY.test(code)) {
    return new Fault("MODEL_KEY_REFUSED", { provider, detail });
  }
  if (MEMORY.test(detail)) return new Fault("MODEL_OUT_OF_MEMORY", { provider, detail });
  if (CONTEXT.test(`${code} ${detail}`)) {
    return new Fault("MODEL_CONTEXT_EXCEEDED", { provider, detail });
  }
  if (model !== undefined && MISSING.test(`${code} ${detail}`)) {
    return new Fault("MODEL_MISSING", { provider, model });
  }
  if (model !== undefined && TOOLS.test(detail)) {
    return new Fault("MODEL_TOOLS_REFUSED", { provider, model, detail });
  }
  if (model !== undefined && CHATS_ONLY.test(detail)) {
    return new Fault("MODEL_WITHOUT_EMBEDDINGS", { ref: `${provider}/${model}` });
  }
  if (model !== undefined && BLIND.test(detail)) {
    return new Fault("MODEL_BLIND", { ref: `${provider}/${model}` });
  }
  if (BUSY_STATUS.has(status) || BUSY.test(code))
    return new Fault("MODEL_BUSY", { provider, detail });
  // A path that is not there: the address is of another program, or lacks its /v1.
  if (status === 404)
    return new Fault("MODEL_GARBLED", { provider, detail: `HTTP 404: ${detail}` });
  return new Fault("MODEL_REFUSED", { provider, detail });
}

/** An `error` value out of a stream that had begun well. */
export function toStreamedRefusal(
  from: { provider: string; model: string },
  error: unknown,
): Fault {
  const status = isRecord(error) && typeof error["code"] === "number" ? error["code"] : 500;
  return toRefusal({ ...from, status, text: JSON.stringify({ error }) });
}

/** Too many requests; overloaded or still loading the model; overloaded (some proxies). */
const BUSY_STATUS = new Set([429, 503, 529]);
/** In a stream that had begun well, where there is no status any more (Anthropic, OpenAI). */
const BUSY = /overloaded_error|rate_limit|server_is_overloaded/;
/** LiteLLM without a database, to any key but the one of its config: with status 400. */
const KEY = /no_db_connection/;
/** Ollama, llama.cpp, vLLM, LM Studio, and what CUDA, Metal and ROCm say through them. */
const MEMORY =
  /requires more (system|gpu) memory|out ?of ?memory|(failed|unable) to allocate|cudaMalloc failed|(insufficient|not enough) (memory|vram|system resources)|no available memory/i;
/** llama.cpp, vLLM, OpenAI, Ollama, LM Studio and Anthropic, in their words. */
const CONTEXT =
  /context_length_exceeded|exceed_context_size|(maximum|available) context|context (length|size|window|limit)|input length exceeds|prompt is too long/i;
/** MLX looks for a model that it does not have on Hugging Face, and says how that went. */
const MISSING =
  /model_not_found|invalid model name|cached snapshot folder|repository not found|not_found_error model: |model\b.{0,200}\b(not found|does not exist|not exist)/i;
/** llama.cpp without a projector, vLLM, Ollama, OpenAI. */
const BLIND =
  /image input is not supported|is not a multimodal model|at most 0 image|(does not|doesn't) support (image|vision)|missing data required for image input|invalid content type.*image_url/i;
/** llama.cpp started without --embeddings, Ollama; vLLM; llama-cpp-python. */
const CHATS_ONLY =
  /(does not|doesn't) support embed|embeddings? api is not supported|created with embedding=True/i;
const TOOLS =
  /does not support tools|enable-auto-tool-choice|tool.call.parser|tools? (is|are) not supported/i;

/** One line of it is enough for a person; the rest would push the fix off the screen. */
const MAX_DETAIL = 400;

/** The server's own sentence; undefined for a web page or nothing that can be read as one. */
function readDetail(text: string, status: number): { detail?: string; code: string } {
  const trimmed = text.trim();
  if (trimmed.startsWith("<")) return { code: "" };
  let value: unknown = trimmed;
  try {
    value = JSON.parse(trimmed);
  } catch {
    // Plain text is what some servers refuse with; it is shown as it is.
  }
  const error = isRecord(value) ? (value["error"] ?? value["detail"] ?? value) : value;
  const code = isRecord(error) ? `${toText(error["code"])} ${toText(error["type"])}` : "";
  const detail = oneLine(toText(isRecord(error) ? error["message"] : error));
  return { detail: detail || `HTTP ${status}`, code };
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Nothing of a server's text may move the cursor or break the line of a terminal. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  const plain = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
  return plain.length > MAX_DETAIL ? `${plain.slice(0, MAX_DETAIL)}…` : plain;
}
